/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - a fuzz target as a plain program, for make check
 *
 * Feeds it each file of tests/fuzz/corpus/NAME (NAME from our own, fuzz-NAME),
 * then mutations of it, and says "ok" for each file: a target fails by dying.
 * The seed is printed; FUZZ_SEED repeats a run, FUZZ_ROUNDS makes it longer.
 * --enable-fuzzing links libFuzzer in place of this file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"

#define INPUT_MAX	65536
#define ROUNDS		2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	size_t size;
	uint8_t data[INPUT_MAX];
};

static uint64_t state;

/* xorshift64*: ours, so that a seed means the same on every libc */
static uint64_t draw(uint64_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL >> 16) % below;
}

static uint64_t number_from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* What breaks parsers: borders of numbers, quotes, line ends, NUL. */
static void insert_token(struct input *input)
{
	static const char *const tokens[] = {
		"\n", "=", "[", "]", "-", ",", " ", "\t", "\\", "\"", ":", "/", "**", "%",
		"18446744073709551616", "-1", "4294967296", "0x", "\xff\xfe", "(", ")",
	};
	const char *token = tokens[draw(sizeof(tokens) / sizeof(tokens[0]))];
	size_t length = strlen(token), at = draw(input->size + 1);

	if (input->size + length > INPUT_MAX)
		return;
	memmove(input->data + at + length, input->data + at, input->size - at);
	memcpy(input->data + at, token, length);
	input->size += length;
}

/* Cuts a piece out, or says it twice. */
static void move_piece(struct input *input)
{
	size_t at = draw(input->size), length = 1 + draw(input->size - at);

	if (draw(2)) {
		memmove(input->data + at, input->data + at + length,
			input->size - at - length);
		input->size -= length;
	} else if (input->size + length <= INPUT_MAX) {
		memmove(input->data + at + length, input->data + at, input->size - at);
		input->size += length;
	}
}

static void mutate(struct input *input)
{
	for (uint64_t n = 1 + draw(6); n > 0; n--) {
		uint64_t how = input->size ? draw(4) : 3;

		if (how == 0)
			input->data[draw(input->size)] ^= (uint8_t)(1U << draw(8));
		else if (how == 1)
			input->data[draw(input->size)] = (uint8_t)draw(256);
		else if (how == 2)
			move_piece(input);
		else
			insert_token(input);
	}
}

/* An exact copy on the heap, so that reading one byte too far is seen. */
static void feed(const struct input *input)
{
	_cleanup_(free) uint8_t *copy = malloc(input->size ? input->size : 1);

	if (!copy)
		exit(99);
	memcpy(copy, input->data, input->size);
	LLVMFuzzerTestOneInput(copy, input->size);
}

static int run_file(const char *path, uint64_t rounds)
{
	static struct input seed, input;
	_cleanup_(fclose) FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	seed.size = fread(seed.data, 1, INPUT_MAX, file);
	feed(&seed);
	for (; rounds > 0; rounds--) {
		input.size = seed.size;
		memcpy(input.data, seed.data, seed.size);
		mutate(&input);
		feed(&input);
	}
	return 0;
}

static int select_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Number of files, or negative errno. */
static int run_corpus(const char *folder, uint64_t rounds)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, select_file, alphasort), r = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		_cleanup_(free) char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			exit(99);
		if (r >= 0)
			r = run_file(path, rounds);
		printf("%s %d - %s\n", r < 0 ? "not ok" : "ok", i + 1, entries[i]->d_name);
		fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : n;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz-"), *top = getenv("top_srcdir");
	uint64_t seed = number_from_environment("FUZZ_SEED", (uint64_t)time(NULL));
	_cleanup_(free) char *folder = NULL;
	int n;

	(void)argc;
	for (const char *next = name; next; next = strstr(next + 1, "fuzz-"))
		name = next;
	if (!name) {
		fprintf(stderr, "a fuzz target is called fuzz-NAME\n");
		return 99;
	}
	if (asprintf(&folder, "%s/tests/fuzz/corpus/%s", top ? top : ".",
		     name + strlen("fuzz-")) < 0)
		return 99;
	state = seed | 1;
	printf("# FUZZ_SEED=%llu\n", (unsigned long long)seed);
	n = run_corpus(folder, number_from_environment("FUZZ_ROUNDS", ROUNDS));
	if (n <= 0) {
		fprintf(stderr, "%s: %s\n", folder, n ? strerror(-n) : "no input");
		return 99;
	}
	printf("1..%d\n", n);
	return 0;
}
