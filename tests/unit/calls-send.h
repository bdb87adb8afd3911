/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls-send.h - calls that wait on full sockets with a time limit, for calls.h
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEND, SENDMSG, SENDMMSG, WRITE, WRITEV, SENDERS };

static int calls_full[SENDERS][2];
static int calls_listener;
static struct sockaddr_un calls_address;
static socklen_t calls_address_size = sizeof(calls_address);

static inline bool call_send(void)
{
	return send(calls_full[SEND][0], "", 1, 0) == 1;
}

static inline bool call_sendmsg(void)
{
	struct iovec byte = { (char[1]){ 0 }, 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };

	return sendmsg(calls_full[SENDMSG][0], &message, 0) == 1;
}

static inline bool call_sendmmsg(void)
{
	struct iovec byte = { (char[1]){ 0 }, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &byte, .msg_iovlen = 1 } };

	return sendmmsg(calls_full[SENDMMSG][0], &message, 1, 0) == 1;
}

static inline bool call_write(void)
{
	return write(calls_full[WRITE][0], "", 1) == 1;
}

static inline bool call_writev(void)
{
	struct iovec byte = { (char[1]){ 0 }, 1 };

	return writev(calls_full[WRITEV][0], &byte, 1) == 1;
}

static inline void calls_limit(int fd)
{
	struct timeval hour = { 3600, 0 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &hour, sizeof(hour));
}

static inline bool call_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	calls_limit(fd);
	return connect(fd, (struct sockaddr *)&calls_address, calls_address_size) == 0;
}

/* A queue of one, and it is taken. */
static inline bool calls_fill_queue(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	calls_listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(calls_listener, (struct sockaddr *)&any, sizeof(sa_family_t)) == 0 &&
	       getsockname(calls_listener, (struct sockaddr *)&calls_address,
			   &calls_address_size) == 0 &&
	       listen(calls_listener, 0) == 0 &&
	       connect(fd, (struct sockaddr *)&calls_address, calls_address_size) == 0;
}

static inline bool calls_fill(void)
{
	static const char bytes[4096];

	for (int i = 0; i < SENDERS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, calls_full[i]) < 0)
			return false;
		calls_limit(calls_full[i][0]);
		while (send(calls_full[i][0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
	}
	return calls_fill_queue();
}

static inline void calls_drain(void)
{
	char bytes[4096];

	for (int i = 0; i < SENDERS; i++) {
		while (recv(calls_full[i][1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
	}
	close(accept(calls_listener, NULL, NULL));
}
