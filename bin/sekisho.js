#!/usr/bin/env node
import { install, run } from './bootstrap.js';

install();
run('src/main.ts', process.argv.slice(2));
