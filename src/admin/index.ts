/** The back office's face. */
export { maintenanceRoutes } from './maintenance-routes.ts';
export { createPanel, type Panel, type PanelOptions } from './panel.ts';
