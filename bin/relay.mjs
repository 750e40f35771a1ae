#!/usr/bin/env node
// The command `relay`. Any Node from 18 on may start it; the bootstrap makes sure of the packages and of Node 24 and then runs
// cli/main.ts. Nothing else belongs here.
import { bootstrap } from '../scripts/bootstrap.mjs';

process.exitCode = await bootstrap(['relay', ...process.argv.slice(2)]);
