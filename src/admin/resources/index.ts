import type { TableDefinition } from '../resource/definition.ts';
import type { PanelServices } from '../services.ts';
import { auditTable } from './audit.ts';
import { ledgerTable, packagesTable, paymentsTable, referralsTable, usageTable } from './money.ts';
import { callsTable, nodesTable, recordingsTable } from './talks.ts';
import { usersTable } from './users.ts';

/** Every table of the panel, in the order of its menu. Rules and settings have pages of their own. */
export function panelTables(services: PanelServices): TableDefinition[] {
  return [
    usersTable(services),
    referralsTable(services),
    callsTable(services),
    recordingsTable(),
    paymentsTable(services),
    packagesTable(services),
    ledgerTable(services),
    usageTable(),
    nodesTable(services),
    auditTable(),
  ];
}
