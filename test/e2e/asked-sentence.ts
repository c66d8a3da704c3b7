import type { Learner } from './learner.ts';

/** The drill puts the sentence that is to be repeated at the end of what it says. */
export async function askedSentence(learner: Learner): Promise<string> {
  const said = await learner.page.locator('[role=log] [data-speaker=tutor] .bubble > p').last().innerText();
  const sentences = said.trim().split(/(?<=[.?!])\s+/);
  return (sentences.at(-1) ?? '').replaceAll(/[^\w\s']/g, '').trim();
}
