/** Writes the cloud assembly: to `cdk.out`, or to where the CDK command line wants it. */
import { join } from 'node:path';
import { relayApp } from './relay-app.ts';

const outdir = process.env.CDK_OUTDIR ?? join(import.meta.dirname, '..', 'cdk.out');
relayApp({ outdir }).synth();
