import { ADMIN } from './admin.ts';
import { CHURN } from './churn.ts';
import { DELIVERY } from './delivery.ts';
import { IMAGE } from './image.ts';
import { IPV6 } from './ipv6.ts';
import { KINDS_OF_WORKLOADS } from './kinds.ts';
import { POLICY } from './policy.ts';
import { READER } from './reader.ts';
import { STORAGE } from './storage.ts';
import type { Story } from './story.ts';

/** All stories, in the order in which they run. */
export const STORIES: readonly Story[] = [
  IMAGE,
  ADMIN,
  READER,
  DELIVERY,
  STORAGE,
  KINDS_OF_WORKLOADS,
  IPV6,
  POLICY,
  CHURN,
];
