import type { RequestHandler } from 'express';
import { AppError } from '../../platform/errors.ts';

/**
 * Nothing is changed for another site. A browser tells where a request comes from: by Sec-Fetch-Site
 * (https://www.w3.org/TR/fetch-metadata/), and one that does not know it, by Origin, which every browser sends with a POST.
 */
export function refuseCrossSite(publicUrl: string): RequestHandler {
  const { host: publicHost } = new URL(publicUrl);
  return (request, _response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    if (request.method !== 'POST') {
      throw new AppError({ code: 'method_not_allowed', kind: 'invalid', message: 'The panel takes GET and POST.' });
    }
    const site = request.get('sec-fetch-site');
    const origin = request.get('origin');
    const host = origin === undefined ? undefined : URL.parse(origin)?.host;
    const ours = site === undefined ? host === publicHost || host === request.get('host') : site === 'same-origin';
    if (ours && host !== undefined) return next();
    throw new AppError({ code: 'cross_site', kind: 'forbidden', message: 'This request comes from another site.' });
  };
}
