import type { Language, Level } from '../api/types.ts';

export const languages: readonly Language[] = ['en', 'ru'];
export const levels: readonly Level[] = ['beginner', 'intermediate', 'advanced'];
