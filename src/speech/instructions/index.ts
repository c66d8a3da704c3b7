/** The face of the folder: the rules that tutors are given, kept by staff. */
export { systemRuleRoutes } from './routes.ts';
export {
  createSystemRules,
  type ComposedRules,
  type NewSystemRule,
  type SystemRule,
  type SystemRuleChanges,
  type SystemRules,
  type SystemRuleVersion,
} from './system-rules.ts';
export { tryTutor, type TutorTrial } from './try-tutor.ts';
