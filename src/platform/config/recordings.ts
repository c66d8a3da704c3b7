import path from 'node:path';
import { z } from 'zod';
import { folder, missing, webAddress, type Basics, type Problem, type Values } from './values.ts';

/** Where recordings of calls are kept. */

export const recordingVariables = {
  RECORDINGS_FOLDER: folder.optional(),
  RECORDINGS_S3_BUCKET: z.string().optional(),
  RECORDINGS_S3_ENDPOINT: webAddress.optional(),
  RECORDINGS_S3_REGION: z.string().default('us-east-1'),
  RECORDINGS_S3_ACCESS_KEY_ID: z.string().optional(),
  RECORDINGS_S3_SECRET_ACCESS_KEY: z.string().optional(),
};

type Variables = Values<typeof recordingVariables>;

export function recordingProblems(v: Variables): Problem[] {
  if (v.RECORDINGS_S3_BUCKET === undefined) return [];
  const keys = ['RECORDINGS_S3_ACCESS_KEY_ID', 'RECORDINGS_S3_SECRET_ACCESS_KEY'] as const;
  return missing(v, keys, 'when RECORDINGS_S3_BUCKET is');
}

export function arrangeRecordings(v: Variables, { dataDir }: Basics) {
  return {
    recordings: {
      /** Where recordings stand, or wait until they are uploaded. */
      folder: v.RECORDINGS_FOLDER ?? path.join(dataDir, 'recordings'),
      s3:
        v.RECORDINGS_S3_BUCKET === undefined
          ? undefined
          : {
              bucket: v.RECORDINGS_S3_BUCKET,
              endpoint: v.RECORDINGS_S3_ENDPOINT,
              region: v.RECORDINGS_S3_REGION,
              accessKeyId: v.RECORDINGS_S3_ACCESS_KEY_ID ?? '',
              secretAccessKey: v.RECORDINGS_S3_SECRET_ACCESS_KEY ?? '',
            },
    },
  };
}
