// The peer: the same work as `POST /api/jobs` and `GET /api/jobs`, as a practised Express developer would write it.
//
// Tuned: production mode, no ETag, no `X-Powered-By`, no middleware but the JSON parser of the one route that needs it, the key
// imported once, `lean` reads, ids as plain strings, one transaction with the settings of ours, a pool of the same size.
// Not here, though ours does it: the session's and the quota's reads, rate limits, a log line, metrics, a look for the key first.

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import express from 'express';
import { createLocalJWKSet, jwtVerify } from 'jose';
import mongoose from 'mongoose';

import { Idempotency, Job, Outbox } from './models.js';

const { PORT, MONGODB_URI, MONGODB_DATABASE, JWKS_FILE } = process.env;
const PAGE = 20;
const DAYS_14_S = 14 * 86_400;
const TRANSACTION = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', j: true }, readPreference: 'primary' };
const TOKENS = { algorithms: ['EdDSA'], audience: 'freehold-api', issuer: 'freehold', typ: 'at+jwt', clockTolerance: 5 };

const keys = createLocalJWKSet(JSON.parse(readFileSync(JWKS_FILE, 'utf8')));
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.set('query parser', 'simple');

async function signedIn(request, response, next) {
  const header = request.headers.authorization ?? '';
  if (!header.startsWith('Bearer ')) return response.status(401).json({ code: 'unauthenticated' });
  try {
    const { payload } = await jwtVerify(header.slice(7), keys, TOKENS);
    request.person = payload;
  } catch {
    return response.status(401).json({ code: 'unauthenticated' });
  }
  if (!request.person.roles.includes('employer')) return response.status(403).json({ code: 'forbidden' });
  return next();
}

const keepRaw = express.json({ limit: '64kb', verify: (request, _response, raw) => { request.raw = raw; } });

app.post('/api/jobs', signedIn, keepRaw, async (request, response) => {
  const key = request.headers['idempotency-key'];
  const now = new Date();
  const job = new Job({ ...request.body, ...kept(request.body), _id: newId('job'), employer_id: request.person.sub,
    created_at: now, posted_at: now, updated_at: now });
  const invalid = job.validateSync();
  if (invalid) return response.status(422).json({ code: 'invalid', faults: Object.keys(invalid.errors) });
  const stored = job.toObject();
  const body = JSON.stringify(view(stored));
  const event = { _id: newId('evt'), version: 1, type: 'job.posted', aggregate: stored._id, aggregate_version: 1, n: 0,
    body: { job_id: stored._id, employer_id: stored.employer_id }, trace_id: null, created_at: now, sent: null };
  const record = { _id: `${stored.employer_id}:jobs-create-job:${key}`, version: 1,
    payload_hash: createHash('sha256').update(request.raw).digest(), status: 201, answer: Buffer.from(body), created_at: now };
  const session = await mongoose.startSession();
  try {
    await session.withTransaction(async () => {
      await Job.collection.insertOne(stored, { session });
      await Outbox.collection.insertOne(event, { session });
      await Idempotency.collection.insertOne(record, { session });
    }, TRANSACTION);
  } finally {
    await session.endSession();
  }
  return response.status(201).type('json').send(body);
});

app.get('/api/jobs', async (request, response) => {
  const found = await Job.find({ state: 'open' }).sort({ posted_at: -1, _id: -1 }).limit(PAGE + 1).lean();
  const items = found.slice(0, PAGE).map(view);
  const last = items.at(-1);
  const next = found.length > PAGE ? Buffer.from(`${last.posted_at.getTime()},${last.id}`).toString('base64url') : null;
  response.json({ items, next_cursor: next });
});

app.use((error, _request, response, _next) => {
  if (error.type === 'entity.parse.failed') return response.status(400).json({ code: 'malformed_json' });
  console.error(error);
  return response.status(500).json({ code: 'internal_error' });
});

function newId(kind) {
  return `${kind}_${randomUUID().replaceAll('-', '')}`;
}

// The fields that are derived when a job is stored: what is filtered by.
function kept(body) {
  const price = body.hourly ? body.hourly.most : body.budget;
  return {
    category_folded: body.category?.toLowerCase(),
    skills_folded: body.skills?.map((skill) => skill.toLowerCase()),
    price_amount: price?.amount ?? null,
    price_currency: price?.currency ?? null,
    country_folded: body.place?.country?.toLowerCase() ?? '',
    inspection_period_s: body.inspection_period_s ?? DAYS_14_S,
  };
}

function view(job) {
  return {
    id: job._id, employer_id: job.employer_id, title: job.title, description: job.description, kind: job.kind,
    category: job.category, skills: job.skills, budget: job.budget, hourly: job.hourly, deadline: job.deadline, place: job.place,
    inspection_period_s: job.inspection_period_s, state: job.state, application_count: job.application_count,
    created_at: job.created_at, posted_at: job.posted_at, updated_at: job.updated_at, version: job.version, actions: [],
  };
}

await mongoose.connect(MONGODB_URI, { dbName: MONGODB_DATABASE, maxPoolSize: 64, serverMonitoringMode: 'poll',
  writeConcern: { w: 'majority', j: true }, autoIndex: false, autoCreate: false });
app.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
