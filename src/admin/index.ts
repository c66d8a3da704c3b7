/** The back office's face. */
export { createPanel, type Panel, type PanelOptions } from './panel.ts';
