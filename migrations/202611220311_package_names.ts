import type { Knex } from 'knex';

/** What a package is called in Russian; without it, the one name that there is. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE billing_packages ADD COLUMN name_ru text CHECK (length(name_ru) BETWEEN 1 AND 80);
    GRANT UPDATE (name_ru) ON billing_packages TO ailingva_app;
    UPDATE billing_packages SET name_ru = ru.name
    FROM (VALUES ('Start', 'Старт'), ('Regular', 'Постоянный'), ('Intensive', 'Интенсив'), ('Marathon', 'Марафон')) ru (en, name)
    WHERE billing_packages.name = ru.en;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE billing_packages DROP COLUMN name_ru');
}
