import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * What a browser may do on our origin: run our own scripts, talk to our own origin, play what it recorded or
 * received, use the microphone. Nothing from another host, nothing inline, in no frame.
 */
export function securityHeaders(publicUrl: string): RequestHandler[] {
  const { protocol, host } = new URL(publicUrl);
  const secure = protocol === 'https:';
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'"],
        // Some browsers do not count a WebSocket to the page's own host as 'self'.
        'connect-src': ["'self'", `${secure ? 'wss' : 'ws'}://${host}`],
        'media-src': ["'self'", 'blob:', 'mediastream:'],
        'worker-src': ["'self'", 'blob:'],
        'manifest-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'object-src': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
  });
  const permissions: RequestHandler = (_request, response, next) => {
    response.setHeader('Permissions-Policy', 'microphone=(self), camera=(), geolocation=(), payment=()');
    next();
  };
  return [headers, permissions];
}
