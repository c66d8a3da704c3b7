import type { Language } from '../../speech/engine.ts';

/** What a language's words say of a turn. Compared in lower case, without punctuation, "ё" as "е". */
interface PhraseEndings {
  /** Words, one or several: a transcript that ends with them is not whole. */
  readonly unfinished: readonly string[];
  /** Endings that are whole although the list before holds their last words. */
  readonly finished: readonly string[];
  /** Words that open a turn: alone they are none yet. */
  readonly openers: readonly string[];
  /** A question that begins so may well end with one of `stranded`: "where are you from". */
  readonly questions: readonly string[];
  readonly stranded: readonly string[];
  /** Sounds of somebody who looks for words. Alone they are no turn at all. */
  readonly hesitations: readonly string[];
  /** Signs to go on. An utterance of nothing else is no turn while the tutor speaks. */
  readonly backchannels: readonly string[];
  /** Stop the tutor at once, however short they are. */
  readonly commands: readonly string[];
}

const english: PhraseEndings = {
  unfinished: [
    ...phrases`a | an | the | and | or | nor | but | because | if | unless | when | whenever | while | until | although`,
    ...phrases`whether | which | whose | so | so that | think that | know that | said that | believe that | hope that`,
    ...phrases`to | of | in | on | at | by | for | with | without | from | about | into | onto | under | between | through`,
    ...phrases`during | against | near | than | as | like | such as | for example | instead of | because of | kind of`,
    ...phrases`sort of | a lot of | a bit of | one of | some of | most of | my | your | his | our | their | its | very`,
    ...phrases`this is | that is | there is | there are | it is | it's | that's | there's | he's | she's | i | we | they`,
    ...phrases`he | she | is | are | was | were | am | been | i'm | we're | they're | you're | i've | i'd | i'll | we'll`,
    ...phrases`would | could | should | will | can | may | might | must | don't | doesn't | didn't | have to | has to`,
    ...phrases`had to | want to | wants to | wanted to | need to | going to | used to | try to | would like | i'd like`,
    ...phrases`i want | i need | i think | i mean | i guess | i believe | you know | let me | let's | every | each`,
    ...phrases`how do you say | what is the word for | what's the word for`,
  ],
  finished: [
    ...phrases`think so | hope so | guess so | believe so | say so | do so | not so | so am i | so do i | so did i`,
    ...phrases`so can i | so have i | neither am i | neither do i | you and i | do you know | did you know | you like`,
    ...phrases`come in | go on | log in | turn on | what for`,
    ...shortAnswers(
      'yes | yeah | no | sure | of course | yes of course',
      'i | you | he | she | it | we | they | there | this | that',
    ),
  ],
  openers: phrases`well | so | now | okay so | ok so | yes and | yes but | no but | and then | but then | well i | yes i | no i`,
  questions: phrases`what | what's | where | where's | who | who's | which | how | whose | when`,
  stranded: phrases`to | of | in | on | at | by | for | with | from | about | like | into | i | we | they | he | she`,
  hesitations: phrases`um | uhm | umm | uh | uhh | er | err | erm | eh | em | hm | hmm | hmmm | mmm`,
  backchannels: [
    ...phrases`mm | mmm | mhm | mm-hm | mm hm | mmhm | mm-hmm | mm hmm | uh-huh | uh huh | huh | aha | ah | oh`,
    ...phrases`yeah | yea | yah | yep | yup | yes | ya | ok | okay | k | right | all right | alright | sure | of course`,
    ...phrases`i see | got it | i got it | gotcha | i know | true | exactly | indeed | cool | nice | good | great | wow`,
    ...phrases`really | fine | very good | very nice | that's right | i understand | understood | makes sense | well | so`,
  ],
  commands: [
    ...phrases`stop | stop it | stop please | please stop | wait | wait wait | wait please | please wait | wait a minute`,
    ...phrases`wait a moment | wait a second | hold on | hang on | one moment | one second | just a moment | excuse me`,
    ...phrases`enough | that's enough | pause | be quiet | sorry wait | no wait | no stop | no no | no no no`,
  ],
};

const russian: PhraseEndings = {
  unfinished: [
    ...phrases`и | а | но | или | либо | ни | чтобы | потому | потому что | так как | поэтому | если | когда | хотя | как`,
    ...phrases`чем | будто | словно | ведь | который | которая | которое | которые | которого | которую | которой`,
    ...phrases`думаю что | знаю что | сказал что | сказала что | считаю что | то что | так что | в | во | на | с | со | к`,
    ...phrases`ко | у | о | об | обо | от | до | из | из-за | за | по | под | над | перед | для | без | про | при | через`,
    ...phrases`между | около | кроме | вместо | среди | вокруг | мой | моя | мое | мои | мою | моего | твой | твоя`,
    ...phrases`твои | наш | наша | наши | ваш | ваша | ваши | свой | свою | этот | эту | тот | очень | самый | самая`,
    ...phrases`более | не | я | мы | он | она | они | хочу | хотел | хотела | хотим | могу | можем | должен | должна`,
    ...phrases`буду | будем | хотел бы | хотела бы | я бы | мне нужно | мне надо | мне нравится | у меня | у нас`,
    ...phrases`я думаю | по-моему | например | то есть | как бы | в общем | короче | значит | типа | а потом | и потом`,
    ...phrases`как сказать | как это сказать | в смысле | и еще | один из | одна из`,
  ],
  finished: [
    ...phrases`не хочу | да хочу | не могу | да могу | не буду | да буду | это я | и я | не я | а я | как он | как она`,
    ...phrases`как они | кто он | кто она | где он | где она | не хотел | не хотела | не должен | не должна | так и как`,
  ],
  openers: phrases`ну | вот | так | итак | значит | ну вот | ну я | да я | нет я | ну да но | да но | нет но | а вот`,
  questions: [],
  stranded: [],
  hesitations: phrases`э | ээ | эээ | э-э | э-э-э | эм | эмм | м | мм | ммм | м-м | м-м-м | хм | хмм | а-а | а-а-а`,
  backchannels: [
    ...phrases`угу | ага | да | так | ну да | хорошо | понятно | ясно | ок | окей | ого | о | а | ах | у-гу | а-га | ну`,
    ...phrases`верно | точно | конечно | правда | правильно | вот как | ничего себе | здорово | отлично | супер | класс`,
    ...phrases`ладно | понял | поняла | я понял | я поняла | понимаю | я понимаю | знаю | согласен | согласна | вот`,
    ...phrases`интересно | круто | ясненько | есть | надо же`,
  ],
  commands: [
    ...phrases`стоп | стой | стойте | подожди | подождите | подожди подожди | погоди | погодите | минутку | минуточку`,
    ...phrases`секунду | секундочку | одну минуту | одну секунду | хватит | достаточно | пауза | тихо | помолчи | замолчи`,
    ...phrases`нет стоп | нет подожди | нет подождите | нет нет | нет нет нет | простите | извините | остановись`,
    ...phrases`остановитесь | подожди пожалуйста | подождите пожалуйста`,
  ],
};

export const phraseEndings: Readonly<Record<Language, PhraseEndings>> = { en: english, ru: russian };

/** A list with bars between its items: so it stays one thing to read. */
function phrases(list: TemplateStringsArray): readonly string[] {
  return (list[0] ?? '').split(' | ').map((phrase) => phrase.trim());
}

/** "Yes, I am", "no, it isn't": what a learner of English says most. */
function shortAnswers(particles: string, pronouns: string): readonly string[] {
  const verbs =
    'am | is | are | was | were | do | does | did | can | could | will | would | should | must | have | has | may';
  const denied = "isn't | aren't | wasn't | weren't | don't | doesn't | didn't | can't | couldn't | won't | wouldn't";
  return particles
    .split(' | ')
    .flatMap((particle) =>
      pronouns
        .split(' | ')
        .flatMap((pronoun) => `${verbs} | ${denied}`.split(' | ').map((verb) => `${particle} ${pronoun} ${verb}`)),
    );
}
