/**
 * The OpenAPI 3.1 document, made from the route table: it cannot say what the server does not do. SPEC.md section 12.
 */
import { commitsType } from '../../client-sdk/protocol/commit-body.js';
import { apiPrefix, csrfHeader, type Route, type RouteName } from '../../client-sdk/protocol/routes.js';
import { routeTexts } from '../../client-sdk/protocol/route-texts.js';
import { refusalTitles } from '../../client-sdk/protocol/refusals.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { octetStream } from './answers.js';
import { queryNames, routeList } from './routing.js';

/** The document for this `version` of the server. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of routeList) {
    const path = apiPrefix + route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'DICE Store', version, description: 'Blocks are sealed by clients; the server never sees a key or a plaintext byte.' },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        page: { type: 'apiKey', in: 'cookie', name: 'dice', description: `Own pages only; with ${csrfHeader} on everything but GET.` },
      },
      schemas: { problem: problemSchema },
    },
  };
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: Object.keys(refusalTitles) },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    missing: { type: 'array', items: { type: 'string' } },
    retryAfterSeconds: { type: 'number' },
  },
};

function operationOf(name: RouteName, route: Route): Json {
  return {
    operationId: name,
    summary: routeTexts[name],
    security: route.access === 'anyone' ? [] : [{ bearer: [] }, { page: [] }],
    ...(route.access === 'operator' ? { description: 'The operator’s account only.' } : {}),
    parameters: parametersOf(name, route),
    ...(route.request === undefined ? {} : { requestBody: { required: true, content: contentOf(route.request) } }),
    responses: {
      [route.response === undefined ? '204' : '200']: {
        description: routeTexts[name],
        ...(route.response === undefined ? {} : { content: contentOf(route.response) }),
      },
      default: { description: 'Refused.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } } },
    },
  };
}

function parametersOf(name: RouteName, route: Route): Json {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => {
    return { name: match[1] ?? '', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{32}$' } };
  });
  const inQuery = (queryNames[name] ?? []).map((member) => ({ name: member, in: 'query', required: false, schema: { type: 'string' } }));
  return [...inPath, ...inQuery];
}

function contentOf(form: NonNullable<Route['request'] | Route['response']>): Json {
  if (typeof form === 'string') return { [form === 'commits' ? commitsType : octetStream]: { schema: { type: 'string', format: 'binary' } } };
  return { 'application/json': { schema: form.json } };
}
