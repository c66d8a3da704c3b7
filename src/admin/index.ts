/** The back office's face. */
export { pageRoutes } from './data/page-routes.ts';
export { maintenanceRoutes } from './maintenance-routes.ts';
export { createPanel, type Panel, type PanelOptions } from './panel.ts';
export type { SettingOrder } from './settings/order.ts';
export { settingRoutes } from './settings/routes.ts';
export { createSettingsDesk } from './settings/settings-desk.ts';
