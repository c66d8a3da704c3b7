import type { Knex } from 'knex';
import type { TableDefinition } from '../resource/definition.ts';
import type { PanelServices } from '../services.ts';
import { ledgerTable, packagesTable, paymentsTable, referralsTable, usageTable } from './money.ts';
import { auditTable, settingsTable, systemRulesTable } from './system.ts';
import { callsTable, nodesTable, recordingsTable } from './talks.ts';
import { usersTable } from './users.ts';

/** Every table of the panel, in the order of its menu. */
export function panelTables(knex: Knex, services: PanelServices): TableDefinition[] {
  return [
    usersTable(services),
    referralsTable(services),
    callsTable(services),
    recordingsTable(),
    paymentsTable(services),
    packagesTable(services),
    ledgerTable(services),
    usageTable(),
    systemRulesTable(knex, services),
    settingsTable(),
    nodesTable(services),
    auditTable(),
  ];
}
