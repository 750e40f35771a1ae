/** temp */
import { exploreScope } from './explore-scope.ts';
import { SCOPES } from './scopes.ts';
const only = process.argv[2];
const crashes = Number(process.argv[3] ?? 0);
for (const scope of SCOPES.filter((s) => !only || only === 'all' || s.name === only)) {
  const r = await exploreScope(scope, { crashes, lostAnswers: Number(process.argv[4] ?? 0), exact: !!process.env.EXACT, projectors: Number(process.argv[5] ?? 0), statesMax: Number(process.argv[6] ?? 300_000) }, (t) => process.env.P && console.error(t));
  const { violation, ...rest } = r;
  console.log(JSON.stringify(rest));
  if (violation) console.log(violation.distribution, violation.reason.slice(0,2000), '\n' + violation.schedule.join('\n'));
}
