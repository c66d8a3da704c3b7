import type { Knex } from 'knex';

/** Discounts for larger deposits. Saving one is the application's: whether they contradict each other takes all of them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE billing_packages (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
      min_amount_kopecks bigint NOT NULL CHECK (min_amount_kopecks > 0),
      -- 1000 is 10 %.
      discount_basis_points integer NOT NULL CHECK (0 <= discount_basis_points AND discount_basis_points < 10000),
      is_active boolean NOT NULL DEFAULT true,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX billing_packages_one_minimum ON billing_packages (min_amount_kopecks) WHERE is_active;
    GRANT SELECT, INSERT ON billing_packages TO ailingva_app;
    GRANT UPDATE (name, min_amount_kopecks, discount_basis_points, is_active, updated_at)
      ON billing_packages TO ailingva_app;

    INSERT INTO billing_packages (name, min_amount_kopecks, discount_basis_points) VALUES
      ('Start', 30000, 0),
      ('Regular', 100000, 1000),
      ('Intensive', 300000, 1500),
      ('Marathon', 500000, 2000);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE billing_packages');
}
