import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import type { Level } from '../../engine.ts';
import homophones from './homophones.json' with { type: 'json' };
import { firstLesson, lessonAfter, lessonById, LESSONS, lessonSchema } from './lessons.ts';

/** The local recognizer's pronunciations, from the Debian package pocketsphinx-en-us, which the set-up installs. */
const DICTIONARY = '/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict';
const LEVELS: readonly Level[] = ['beginner', 'intermediate', 'advanced'];

/** Each line is a word, "(2)" where it is another pronunciation of it, and its phones. */
function readDictionary(): readonly { readonly word: string; readonly phones: string }[] {
  return readFileSync(DICTIONARY, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [, word = '', phones = ''] = /^(\S+?)(?:\(\d+\))?\s+(.+)$/u.exec(line) ?? [];
      return { word, phones: phones.trim() };
    });
}

function wordsToSay(): ReadonlySet<string> {
  const sentences = LESSONS.flatMap((lesson) => lesson.sentences);
  return new Set(
    sentences.flatMap((sentence) =>
      sentence
        .toLowerCase()
        .replace(/[^a-z' ]/gu, '')
        .split(' '),
    ),
  );
}

test('every level has at least two lessons of ten different sentences', () => {
  for (const level of LEVELS) assert.ok(LESSONS.filter((lesson) => lesson.level === level).length >= 2, level);
  const sentences = LESSONS.flatMap((lesson) => lesson.sentences);
  assert.equal(new Set(sentences).size, 10 * LESSONS.length);
});

test('every lesson in the folder is taught, once', () => {
  const files = readdirSync(new URL('../lessons/', import.meta.url)).filter((name) => name.endsWith('.json'));
  assert.deepEqual(LESSONS.map(({ id }) => `${id}.json`).toSorted(), files.toSorted());
});

test('sentences grow with the level', () => {
  const meanWords = LEVELS.map((level) => {
    const sentences = LESSONS.filter((lesson) => lesson.level === level).flatMap((lesson) => lesson.sentences);
    return sentences.reduce((sum, sentence) => sum + sentence.split(' ').length, 0) / sentences.length;
  });
  assert.deepEqual(
    meanWords,
    meanWords.toSorted((one, other) => one - other),
  );
});

test('every lesson is reached from the first one, and the last leads back into the level', () => {
  const reached = [firstLesson('beginner')];
  while (reached.length < LESSONS.length)
    reached.push(lessonAfter(reached.at(-1) ?? firstLesson('beginner'), 'beginner'));
  assert.equal(new Set(reached).size, LESSONS.length);
  for (const level of LEVELS) {
    assert.equal(firstLesson(level).level, level);
    assert.equal(lessonAfter(LESSONS.at(-1) ?? firstLesson(level), level), firstLesson(level));
  }
});

test('a lesson is found by its id', () => {
  for (const lesson of LESSONS) assert.equal(lessonById(lesson.id), lesson);
  assert.equal(lessonById('no-such-lesson'), undefined);
});

test('the schema refuses what cannot be taught', () => {
  const [lesson] = LESSONS;
  assert.ok(lesson && lessonSchema.safeParse(lesson).success);
  const broken = [
    { ...lesson, sentences: lesson.sentences.slice(1) },
    { ...lesson, sentences: lesson.sentences.with(0, 'Two sentences. In one.') },
    { ...lesson, sentences: lesson.sentences.with(0, 'No mark at the end') },
    { ...lesson, level: 'expert' },
    { ...lesson, title: '' },
    { ...lesson, extra: true },
  ];
  for (const wrong of broken) assert.equal(lessonSchema.safeParse(wrong).success, false);
});

test('the recognizer knows every word of every sentence', () => {
  const known = new Set(readDictionary().map(({ word }) => word));
  const unknown = [...wordsToSay()].filter((word) => !known.has(word));
  assert.deepEqual(unknown, []);
});

test('no sentence has a word that ends or leaves the exercise', () => {
  const words = wordsToSay();
  for (const word of ['stop', 'bye', 'goodbye', 'next', 'skip', 'repeat', 'again'])
    assert.equal(words.has(word), false, word);
});

test('the homophones are those of the dictionary', () => {
  const phonesOf = new Map<string, Set<string>>();
  const wordsOf = new Map<string, Set<string>>();
  for (const { word: written, phones } of readDictionary()) {
    const word = written.replaceAll('.', '');
    phonesOf.set(word, (phonesOf.get(word) ?? new Set()).add(phones));
    wordsOf.set(phones, (wordsOf.get(phones) ?? new Set()).add(word));
  }
  const spoken = new Set<string>();
  for (const word of wordsToSay()) for (const phones of phonesOf.get(word) ?? []) spoken.add(phones);
  const groups = Array.from(spoken, (phones) => [...(wordsOf.get(phones) ?? [])].toSorted()).filter(
    (group) => group.length > 1,
  );
  const distinct = [...new Set(groups.map((group) => JSON.stringify(group)))].toSorted();
  // Changed a lesson? Write this list to homophones.json.
  assert.deepEqual(homophones.map((group) => JSON.stringify(group)).toSorted(), distinct);
});
