// The three collections, with the fields that ours store. The indexes are made by the benchmark, the same for both.

import mongoose from 'mongoose';

const { Schema } = mongoose;
const PLAIN = { versionKey: false, id: false, _id: false, strict: 'throw', minimize: false };
const INSTANT = { type: Date, default: null };
const text = (longest) => ({ type: String, required: true, minlength: 1, maxlength: longest, trim: true });

const money = new Schema({
  amount: { type: Number, required: true, min: 1, max: Number.MAX_SAFE_INTEGER, validate: Number.isInteger },
  currency: { type: String, required: true, match: /^[A-Z]{3}$/ },
}, PLAIN);

const place = new Schema({
  remote: { type: Boolean, default: true },
  country: { type: String, default: '', maxlength: 60 },
  city: { type: String, default: '', maxlength: 100 },
}, PLAIN);

const job = new Schema({
  _id: String,
  version: { type: Number, default: 1 },
  employer_id: { type: String, required: true },
  title: text(200),
  description: text(10_000),
  kind: { type: String, required: true, enum: ['fixed', 'hourly'] },
  category: text(80),
  category_folded: String,
  skills: { type: [text(60)], validate: (skills) => skills.length <= 20 },
  skills_folded: [String],
  budget: { type: money, default: null },
  hourly: { type: new Schema({ least: money, most: money }, PLAIN), default: null },
  price_amount: { type: Number, default: null },
  price_currency: { type: String, default: null },
  deadline: INSTANT,
  place: { type: place, default: () => ({}) },
  country_folded: { type: String, default: '' },
  inspection_period_s: { type: Number, min: 1 },
  state: { type: String, default: 'open', enum: ['draft', 'open', 'paused', 'filled', 'closed', 'expired'] },
  application_count: { type: Number, default: 0 },
  created_at: INSTANT,
  posted_at: INSTANT,
  updated_at: INSTANT,
}, { ...PLAIN, collection: 'jobs' });

const loose = (collection) => new Schema({ _id: String }, { ...PLAIN, strict: false, collection });

export const Job = mongoose.model('Job', job);
export const Outbox = mongoose.model('Outbox', loose('outbox'));
export const Idempotency = mongoose.model('Idempotency', loose('idempotency'));
