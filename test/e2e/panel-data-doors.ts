import assert from 'node:assert/strict';
import { PANEL_PASSWORD } from '../../src/testing/panel.ts';

/** Who may ask what of the API for staff, and so of the panel's data: a: admin, s: support, n: analyst. */
const MAY: Readonly<Record<string, string>> = {
  'get analytics/engines': 'an',
  'get analytics/latency': 'asn',
  'get analytics/revenue/minutes': 'asn',
  'get analytics/today': 'asn',
  'get attention': 'asn',
  'get billing/packages': 'asn',
  'get billing/payments': 'as',
  'get billing/referrals': 'as',
  'get billing/users/{id}/billing': 'as',
  'get calls/{id}': 'as',
  'get calls/{id}/captions': 'as',
  'get jobs/dead': 'a',
  'get jobs/queues': 'asn',
  'get live': 'as',
  'get settings': 'a',
  'get settings/{key}/history': 'a',
  'get system-rules': 'as',
  'get system-rules/composed': 'as',
  'get system-rules/{id}/versions': 'as',
  'post analytics/rebuild': 'a',
  'post billing/ledger/{id}/reverse': 'a',
  'post billing/packages': 'a',
  'post billing/payments/{id}/refund': 'a',
  'post billing/referrals/{id}/block': 'a',
  'post billing/referrals/{id}/unblock': 'a',
  'post billing/users/{id}/gift': 'as',
  'post calls/{id}/end': 'as',
  'post jobs/dead/{id}/replay': 'a',
  'post media-nodes/{id}/drain': 'a',
  'post media-nodes/{id}/resume': 'a',
  'post system-rules': 'a',
  'post tutor-trials': 'a',
  'post users/{id}/block': 'a',
  'post users/{id}/delete': 'a',
  'post users/{id}/unblock': 'a',
  'put billing/packages/{id}': 'a',
  'put settings/{key}': 'a',
  'put settings/{key}/default': 'a',
  'put system-rules/order': 'a',
  'put system-rules/{id}': 'a',
};

/** Asks every route of the description as every role, by the panel's session; what is not in the table must not be there. */
export async function assertDataDoors(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    path.startsWith('/api/admin/')
      ? Object.keys(methods).map((method) => `${method} ${path.slice('/api/admin/'.length)}`)
      : [],
  );
  assert.deepEqual(routes.toSorted(), Object.keys(MAY).toSorted());

  for (const role of ['admin', 'support', 'analyst'] as const) {
    const cookie = await cookieOf(url, role);
    for (const route of routes) {
      const may = MAY[route]?.includes(role === 'analyst' ? 'n' : role.slice(0, 1)) ?? false;
      const [method = '', path = ''] = route.split(' ');
      // What would be done and written down: other tests do that.
      if (may && path === 'analytics/rebuild') continue;
      const { status } = await fetch(`${url}/admin/data/${path.replaceAll(/\{\w+\}/g, crypto.randomUUID())}`, {
        // The panel's forms know no PUT.
        method: method === 'get' ? 'GET' : 'POST',
        headers: { cookie, origin: url, 'content-type': 'application/json' },
        ...(method !== 'get' && { body: '{}' }),
      });
      if (!may) assert.equal(status, 403, `${role} ${route}`);
      else assert.ok([200, 400, 404, 422].includes(status), `${role} ${route}: ${status}`);
    }
  }
}

async function cookieOf(url: string, role: string): Promise<string> {
  const entered = await fetch(`${url}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ email: `${role}@example.com`, password: PANEL_PASSWORD }),
    headers: { origin: url },
  });
  assert.equal(entered.status, 303);
  return entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
