/** Reads what `/metrics` answers (Prometheus' text format), as far as the benchmark needs it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) return [];
    const [, name = '', labels = '', value = ''] = match;
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', label = '']) => [key, label] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** The sum of the samples of this name; 0 when there are none. */
export function valueOf(samples: readonly Sample[], name: string): number {
  return samples.filter((sample) => sample.name === name).reduce((total, { value }) => total + value, 0);
}

export interface Bucket {
  /** Inclusive upper bound. */
  readonly upTo: number;
  readonly count: number;
}

/** What a histogram has counted between two readings, bucket by bucket (no longer cumulated), by rising bound. */
export function bucketsBetween(before: readonly Sample[], after: readonly Sample[], name: string): readonly Bucket[] {
  const cumulated = (samples: readonly Sample[]) =>
    new Map(
      samples
        .filter((sample) => sample.name === `${name}_bucket`)
        .map(({ labels, value }) => [labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']), value]),
    );
  const earlier = cumulated(before);
  const bounds = [...cumulated(after)].toSorted(([one], [other]) => one - other);
  let below = 0;
  return bounds.map(([upTo, count]) => {
    const upToHere = count - (earlier.get(upTo) ?? 0);
    const bucket = { upTo, count: upToHere - below };
    below = upToHere;
    return bucket;
  });
}

/** The bound of the bucket in which the share lies: the true value is this or less. */
export function boundOfShare(buckets: readonly Bucket[], share: number): number {
  const total = buckets.reduce((count, bucket) => count + bucket.count, 0);
  let seen = 0;
  for (const { upTo, count } of buckets) {
    seen += count;
    if (count > 0 && seen >= share * total) return upTo;
  }
  return Number.NaN;
}
