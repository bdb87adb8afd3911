# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The base layer of the lab's disk: a Debian root with a stock kernel, systemd
# and a compiler.  Sourced by image; the text of this file is part of the
# layer's key.  Uses: suite, kernel, lab_dir.

# set_packages: and the kernel, where none was asked for.  PACKAGE@SUITE takes
# it from another suite of the same mirror: an old kernel, or backports.  What is no
# package is a kernel of ours (./kernel), in $kernel_debs.
set_packages() {
	if [ -z "$kernel" ]; then
		case $suite in
		bookworm) kernel=linux-image-6.12-amd64 ;;
		*) kernel=linux-image-amd64 ;;
		esac
	fi
	kernel_suite=''
	case $kernel in *@*) kernel_suite=${kernel#*@} kernel=${kernel%@*} ;; esac
	kernel_debs=''
	case $kernel in
	linux-image-*) packages=("$kernel" "${kernel/image/headers}") ;;
	*)
		kernel_debs=$("$lab_dir/kernel" "$kernel")
		packages=(libelf1)	# objtool's
		;;
	esac
	packages+=(
		systemd systemd-sysv dbus udev kmod dkms polkitd
		# pinsafe's build dependencies, and how packages are built
		build-essential debhelper dh-dkms autoconf automake libtool pkg-config
		libnuma-dev libsystemd-dev libcgroup-dev libinih-dev libjson-c-dev
		libcmocka-dev liburing-dev libibverbs-dev
		# the neighbours that cases and benchmarks compare with
		numactl numad cgroup-tools earlyoom irqbalance
		# what cases use
		rdma-core ibverbs-providers iproute2 procps jq strace fio python3
		busybox-static libcap2-bin
	)
}

# Units that start work of their own while a case measures, or that wait for
# something a guest without network and terminal does not have.
masked=(
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
	e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer
	systemd-tmpfiles-clean.timer motd-news.timer
	getty@tty1.service serial-getty@ttyS0.service getty-static.service
	systemd-networkd.service systemd-timesyncd.service
	systemd-random-seed.service systemd-update-utmp.service
	systemd-update-utmp-runlevel.service systemd-pstore.service
	systemd-machine-id-commit.service systemd-firstboot.service
	systemd-hwdb-update.service systemd-journal-catalog-update.service
	systemd-update-done.service systemd-journal-flush.service
	systemd-remount-fs.service keyboard-setup.service console-setup.service
	networking.service ifupdown-pre.service fio.service iwpmd.service
	rdma-ndd.service srp_daemon.service dev-mqueue.mount
	systemd-sysusers.service systemd-boot-system-token.service
	systemd-binfmt.service proc-sys-fs-binfmt_misc.automount
	modprobe@dm_mod.service modprobe@loop.service modprobe@drm.service
	modprobe@fuse.service sys-fs-fuse-connections.mount
	systemd-user-sessions.service systemd-udev-settle.service
	ldconfig.service systemd-udev-load-credentials.service
)
disabled=(numad.service irqbalance.service earlyoom.service cgconfig.service cgred.service)

# apt_sources SUITE: one-line sources for it, from the machine's own mirror
apt_sources() {
	local own keyring=/usr/share/keyrings/debian-archive-keyring.gpg sign=''
	# shellcheck disable=SC1091
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	[ -r "$keyring" ] && sign="[signed-by=$keyring] "
	# shellcheck disable=SC2016 # $(…) is apt's own syntax
	apt-get indextargets 'Created-By: Packages' \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v own="$own" -v suite="$1" -v sign="$sign" '
		$2 == own || $2 ~ "^" own "-(updates|security)$" {
			# neither the unstable suites nor backports have those
			if (suite ~ /^(sid|unstable)$|-/ && $2 != own) next
			sub("^" own, suite, $2)
			print "deb " sign $1 " " $2 " " $3
		}' | sort -u
}

# kernel_preference SUITE: the kernel and what it comes with from there, though
# apt would rather not take anything from backports or from the past
kernel_preference() {
	local release
	for release in "$1" "$1-security"; do
		printf 'Package: linux-image-* linux-headers-* linux-kbuild-* linux-base* linux-compiler-*\n'
		printf 'Pin: release n=%s\nPin-Priority: 600\n\n' "$release"
	done
}

# apt_options: how this machine reaches its mirror
apt_options() {
	apt-config dump | sed -nE \
		'/^Acquire::(https?::.*|Retries|Check-Valid-Until|Check-Date) /{s/ "/=/; s/";$//; s/=(.*)$/ "\1";/; p}'
}

# mounted DIR DISK: mounts the disk there until this (sub)shell exits
mounted() {
	mkdir -p "$1"
	mount -o loop,noatime,nobarrier,data=writeback "$2" "$1"
	trap 'unmount "$root"' EXIT
}

unmount() {
	local sub
	for sub in dev/pts dev proc sys tmp/src; do
		mountpoint -q "$1/$sub" && umount -l "$1/$sub"
	done
	mountpoint -q "$1" && { umount "$1" || umount -l "$1"; }
	rmdir "$1"
}

mask_units() {
	local unit dir=$root/etc/systemd/system
	for unit in "${masked[@]}"; do ln -sf /dev/null "$dir/$unit"; done
	for unit in "${disabled[@]}"; do
		find "$dir" -mindepth 2 -name "$unit" -delete
		# sysv scripts of the same name would be turned into units again
		rm -f "$root"/etc/rc?.d/[SK]??"${unit%.service}"
	done
}

# The guest's whole configuration: no network, one service that runs the job
# it finds on the shared directory.
configure_root() {
	local dir=$root/etc/systemd
	mask_units
	echo pinsafe-lab >"$root/etc/hostname"
	printf '127.0.0.1 localhost pinsafe-lab\n' >"$root/etc/hosts"
	: >"$root/etc/fstab"
	# a machine with an id is not on its first boot, nor its first after an upgrade
	touch "$root/etc/.updated" "$root/var/.updated"
	echo 7069736166652d6c61620000000000aa >"$root/etc/machine-id"
	mkdir -p "$dir/journald.conf.d" "$dir/system.conf.d" "$root/mnt/lab" "$root/mnt/x"
	printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n' \
		>"$dir/journald.conf.d/lab.conf"
	# a loaded machine emulates slowly; a unit that is slow is not a failure
	printf '[Manager]\nDefaultTimeoutStartSec=180\nDefaultTimeoutStopSec=60\n' \
		>"$dir/system.conf.d/lab.conf"
	install -m 755 "$lab_dir/guest/boot" "$root/usr/local/sbin/lab-boot"
	install -m 644 "$lab_dir/guest/lab.service" "$dir/system/lab.service"
	mkdir -p "$dir/system/multi-user.target.wants"
	ln -sf ../lab.service "$dir/system/multi-user.target.wants/lab.service"
	ln -sf /lib/systemd/system/multi-user.target "$dir/system/default.target"
	rm -rf "$root"/var/cache/apt/*.bin "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap \
		"$root"/var/lib/apt/lists/*
}

# make_initrd RELEASE FILE: busybox, the modules that reach the disk, and one
# script.  Debian's own would cost half a minute to make and seconds to boot.
make_initrd() {
	local release=$1 out=$2 tree module path
	tree=$(mktemp -d)
	mkdir -p "$tree"/{bin,dev,proc,sys,root,mod}
	cp "$root/bin/busybox" "$tree/bin/busybox"
	install -m 755 "$lab_dir/guest/init" "$tree/init"
	# crc32c_generic: ext4 wants it without depending on it, where it exists
	for module in virtio_pci virtio_blk ext4 crc32c_generic; do
		modprobe -d "$root" -S "$release" --show-depends "$module" || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r path; do
			cp "$path" "$tree/mod/"
			case $path in
			*.xz) xz -d "$tree/mod/${path##*/}"; path=${path%.xz} ;;
			*.zst) zstd -q -d --rm "$tree/mod/${path##*/}"; path=${path%.zst} ;;
			esac
			echo "${path##*/}"
		done >"$tree/mod/order"
	(cd "$tree" && find . | cpio --quiet -o -H newc) >"$out"
	rm -rf "$tree"
}

# install_kernel: ours; the hooks are those that any kernel package runs
install_kernel() {
	cp "$kernel_debs"/*.deb "$root/tmp/"
	# shellcheck disable=SC2016 # the root's shell expands it
	nice chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		sh -ec 'dpkg --force-unsafe-io -i /tmp/*.deb && rm /tmp/*.deb'
}

make_base() {
	local out=$1 release list hook=()
	root=$out/root
	say "base: bootstrapping $suite with $kernel"
	truncate -s 6G "$out/disk.raw"
	mkfs.ext4 -q -L lab -J size=16 -E lazy_itable_init=1 "$out/disk.raw"
	mounted "$root" "$out/disk.raw"
	rmdir "$root/lost+found"
	apt_options >"$out/apt.conf"
	if [ -n "$kernel_suite" ]; then
		kernel_preference "$kernel_suite" >"$out/preferences"
		hook=(--setup-hook="install -D -m 644 '$out/preferences' \"\$1/etc/apt/preferences.d/lab\"")
	fi
	list=$(IFS=,; echo "${packages[*]}")
	{ apt_sources "$suite"; [ -z "$kernel_suite" ] || apt_sources "$kernel_suite"; } |
		nice mmdebstrap --quiet --mode=root --variant=apt \
		${hook+"${hook[@]}"} --include="$list" --aptopt="$out/apt.conf" \
		--dpkgopt='force-unsafe-io' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
		"$suite" "$root" -
	rm -f "$out/apt.conf" "$out/preferences"
	[ -z "$kernel_debs" ] || install_kernel
	configure_root
	release=$(find "$root/lib/modules" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n1)
	depmod -b "$root" "$release"
	echo "$release" >"$out/release"
	cp "$root/boot/vmlinuz-$release" "$out/vmlinuz"
	make_initrd "$release" "$out/initrd"
}

base_inputs() {
	cat "$lab_dir/base.sh" "$lab_dir"/guest/{boot,init,lab.service}
	printf '%s\n' "$suite" "$kernel_suite" "${kernel_debs##*/}" "${packages[@]}"
}
