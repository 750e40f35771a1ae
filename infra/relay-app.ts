/**
 * The CDK app: settings in, two stacks out, three with the worked subscribers. It is a function and not a script, so that the tests synthesise exactly what is deployed.
 * The rule pack runs with every synthesis: an exception is acknowledged where it is made, with a reason, or the synthesis fails.
 */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, DefaultStackSynthesizer, type IStackSynthesizer, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { RelayStack } from './stacks/relay-stack.ts';
import { StateStack } from './stacks/state-stack.ts';
import { SubscribersStack } from './stacks/subscribers-stack.ts';
import { SETTING_PREFIX, stageConfig } from './stage-config.ts';

export interface RelayAppProps {
  /** Where the cloud assembly is written. */
  readonly outdir: string;
  /** Settings by name, without the prefix `relay:`; they win over the context. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** `false` leaves the functions unbundled: enough to look at a template, not to run it. */
  readonly bundle?: boolean;
}

const PROJECT_ROOT = resolve(import.meta.dirname, '..');

/** The app, not yet synthesised. The feature flags come from cdk.json, so that they hold with and without the CDK command line. */
export function relayApp(props: RelayAppProps): App {
  const app = new App({
    outdir: props.outdir,
    analyticsReporting: false,
    context: featureFlags(),
    postCliContext: {
      // The command line leaves the functions out for `cdk list` and the like; the assembly it leaves behind must run all the same.
      'aws:cdk:bundling-stacks': props.bundle === false ? [] : ['**'],
      ...Object.fromEntries(
        Object.entries(props.settings ?? {}).map(([name, value]) => [`${SETTING_PREFIX}${name}`, value]),
      ),
    },
  });
  const config = stageConfig(app.node.getAllContext());
  // The rule only compares the version of the bootstrap stack, which cdk deploy does as well.
  // The interface is written without `undefined`, the class with it, which exactOptionalPropertyTypes tells apart.
  const synthesizer = () => new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
  const state = new StateStack(app, `${config.stackName}State`, {
    config,
    synthesizer: synthesizer(),
    description: 'Metric Relay: streams, tables, bucket and bus (holds data)',
  });
  new RelayStack(app, config.stackName, {
    config,
    state,
    projectRoot: PROJECT_ROOT,
    synthesizer: synthesizer(),
    description: 'Metric Relay: replicates metric metadata from Aurora MySQL and publishes MetricChanged',
  });
  if (config.subscribers) {
    new SubscribersStack(app, `${config.stackName}Subscribers`, {
      config,
      metricsTable: state.metrics,
      projectRoot: PROJECT_ROOT,
      synthesizer: synthesizer(),
      description: 'Metric Relay: worked subscribers to MetricChanged (SQL copy, feed stream)',
    });
  }
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

function featureFlags(): Record<string, unknown> {
  const cdkJson: { context: Record<string, unknown> } = JSON.parse(
    readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8'),
  );
  return cdkJson.context;
}
