/**
 * docs/advisories: our own advisories have the form of CSAF 2.0; each known vulnerability of a dependency has a verdict
 * about the version that we use, and a downgrade below a fix turns this red.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contains } from '../kit/version-range.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = z.string().min(1);

describe('our own advisories', () => {
  const names = readdirSync(join(root, 'docs/advisories')).filter((name) => /^sekisho-.*\.json$/.test(name));
  const notes = z
    .array(
      z.strictObject({
        category: z.enum(['description', 'details', 'faq', 'general', 'legal_disclaimer', 'other', 'summary']),
        title: text.optional(),
        text,
      }),
    )
    .min(1);
  const revision = z.strictObject({ number: z.string().regex(/^[1-9]\d*$/), date: z.iso.datetime(), summary: text });
  const product = z.strictObject({
    product_id: text,
    name: text,
    product_identification_helper: z.strictObject({ purl: z.string().startsWith('pkg:') }).optional(),
  });
  const branch = z.strictObject({
    category: z.enum(['vendor', 'product_name', 'product_version', 'product_version_range']),
    name: text,
    product: product.optional(),
    get branches() {
      return z.array(branch).min(1).optional();
    },
  });
  type Branch = z.infer<typeof branch>;
  const ids = z.array(text).min(1);

  /** Required fields of the CSAF 2.0 schema and of its profile 4.4 «security advisory», for the parts that we write. */
  const csaf = z.strictObject({
    document: z.strictObject({
      category: z.literal('csaf_security_advisory'),
      csaf_version: z.literal('2.0'),
      title: text,
      lang: z.literal('en'),
      distribution: z.strictObject({ tlp: z.strictObject({ label: z.literal('WHITE'), url: z.url() }) }),
      publisher: z.strictObject({ category: z.literal('vendor'), name: text, namespace: z.url() }),
      notes,
      tracking: z.strictObject({
        id: z.string().regex(/^SEKISHO-\d{4}-\d{4}$/),
        status: z.enum(['draft', 'interim', 'final']),
        version: text,
        initial_release_date: z.iso.datetime(),
        current_release_date: z.iso.datetime(),
        generator: z.strictObject({ engine: z.strictObject({ name: text }) }).optional(),
        revision_history: z.array(revision).min(1),
      }),
    }),
    product_tree: z.strictObject({ branches: z.array(branch).min(1) }),
    vulnerabilities: z
      .array(
        z.strictObject({
          title: text,
          cwe: z.strictObject({ id: z.string().regex(/^CWE-[1-9]\d{0,5}$/), name: text }),
          ids: z.array(z.strictObject({ system_name: text, text })).min(1),
          notes,
          product_status: z.strictObject({ known_affected: ids, first_fixed: ids, fixed: ids }),
          remediations: z
            .array(
              z.strictObject({
                category: z.enum(['vendor_fix', 'workaround', 'mitigation', 'none_available']),
                details: text,
                product_ids: ids,
              }),
            )
            .min(1),
          scores: z
            .array(
              z.strictObject({
                products: ids,
                cvss_v3: z.strictObject({
                  version: z.literal('3.1'),
                  vectorString: z
                    .string()
                    .regex(/^CVSS:3\.1\/AV:[NALP]\/AC:[LH]\/PR:[NLH]\/UI:[NR]\/S:[UC]\/C:[NLH]\/I:[NLH]\/A:[NLH]$/),
                  baseScore: z.number().min(0).max(10),
                  baseSeverity: z.enum(['NONE', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
                }),
              }),
            )
            .min(1),
          acknowledgments: z.array(z.strictObject({ summary: text })).optional(),
        }),
      )
      .min(1),
  });

  const productIds = (branches: readonly Branch[]): readonly string[] =>
    branches.flatMap(({ product: own, branches: below = [] }) => [
      ...(own === undefined ? [] : [own.product_id]),
      ...productIds(below),
    ]);

  test('there are some', () => {
    expect(names.length).toBeGreaterThan(0);
  });

  test.each(names)('%s has the form of CSAF 2.0', (name) => {
    const advisory = csaf.parse(JSON.parse(read(`docs/advisories/${name}`)));
    const { tracking } = advisory.document;
    // CSAF 5.1: the file is named by the number; 6.1.14–6.1.21: revisions in order, the last one is the version.
    expect(name).toBe(`${tracking.id.toLowerCase()}.json`);
    expect(tracking.revision_history.map(({ number }) => Number(number))).toEqual(
      tracking.revision_history.map((_, i) => i + 1),
    );
    expect(tracking.revision_history.map(({ date }) => date).toSorted()).toEqual(
      tracking.revision_history.map(({ date }) => date),
    );
    expect(tracking.version).toBe(tracking.revision_history.at(-1)?.number);
    expect([tracking.initial_release_date, tracking.current_release_date]).toEqual([
      tracking.revision_history[0]?.date,
      tracking.revision_history.at(-1)?.date,
    ]);
    // 6.1.1–6.1.3: products are defined once, and only defined ones are spoken of.
    const defined = productIds(advisory.product_tree.branches);
    expect(new Set(defined).size).toBe(defined.length);
    for (const { product_status: status, remediations, scores } of advisory.vulnerabilities) {
      const named = [
        ...Object.values(status).flat(),
        ...remediations.flatMap(({ product_ids }) => product_ids),
        ...scores.flatMap(({ products }) => products),
      ];
      expect(named.filter((id) => !defined.includes(id))).toEqual([]);
      // 6.1.6: nothing is affected and fixed at once.
      expect(status.known_affected.filter((id) => status.fixed.includes(id))).toEqual([]);
      // CVSS 3.1 §5: the word belongs to the figure.
      for (const {
        cvss_v3: { baseScore, baseSeverity },
      } of scores)
        expect(baseSeverity).toBe(
          baseScore === 0
            ? 'NONE'
            : baseScore < 4
              ? 'LOW'
              : baseScore < 7
                ? 'MEDIUM'
                : baseScore < 9
                  ? 'HIGH'
                  : 'CRITICAL',
        );
    }
  });

  test('each stands in the table of the page, and the page names no other', () => {
    const told = [
      ...read('docs/advisories/README.md').matchAll(/^\| \[SEKISHO-[\d-]+\]\((sekisho-[\d-]+\.json)\) \|/gm),
    ].map(([, name]) => name);
    expect(told.toSorted()).toEqual(names.toSorted());
  });
});

const analysis = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('resolved'), detail: text }),
  z.strictObject({
    state: z.literal('not_affected'),
    justification: z.enum([
      'code_not_present',
      'code_not_reachable',
      'protected_at_runtime',
      'protected_by_mitigating_control',
    ]),
    detail: z.string().min(40),
  }),
  z.strictObject({
    state: z.enum(['exploitable', 'in_triage']),
    response: z.array(z.enum(['can_not_fix', 'will_not_fix', 'update', 'rollback', 'workaround_available'])).min(1),
    detail: z.string().min(40),
  }),
]);
/** CycloneDX 1.6, `vulnerabilities`, for the parts that we write. */
const vex = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  version: z.number().int().min(1),
  metadata: z.strictObject({
    timestamp: z.iso.datetime(),
    component: z.strictObject({
      type: z.literal('application'),
      'bom-ref': text,
      name: z.literal('sekisho'),
      version: text,
      purl: text,
    }),
  }),
  vulnerabilities: z.array(
    z.strictObject({
      id: text,
      source: z.strictObject({ url: z.url() }),
      analysis,
      affects: z
        .array(
          z.strictObject({
            ref: text,
            versions: z
              .array(z.strictObject({ range: z.string().startsWith('vers:'), status: z.literal('affected') }))
              .length(1),
          }),
        )
        .min(1),
    }),
  ),
});

interface Part {
  readonly 'bom-ref': string;
  readonly version?: string;
  readonly components?: readonly Part[];
}
const bom: { metadata: { component: Part }; components: readonly Part[] } = JSON.parse(read('docs/sbom.cdx.json'));
const partsOf = (parts: readonly Part[]): readonly Part[] =>
  parts.flatMap((part) => [part, ...partsOf(part.components ?? [])]);
const parts = new Map([bom.metadata.component, ...partsOf(bom.components)].map((part) => [part['bom-ref'], part]));
const { vulnerabilities } = vex.parse(JSON.parse(read('docs/advisories/dependencies.vex.cdx.json')));

describe('known vulnerabilities of dependencies', () => {
  const judged = vulnerabilities.flatMap(({ id, analysis: { state }, affects }) =>
    affects.map(({ ref, versions }) => ({ id, state, ref, range: versions[0]?.range ?? '' })),
  );

  test('each is judged once', () => {
    expect(vulnerabilities.length).toBeGreaterThan(60);
    const ids = vulnerabilities.map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  test('verdicts are about parts that we use, in the versions that we use', () => {
    expect(judged.filter(({ ref }) => !parts.has(ref))).toEqual([]);
  });

  test.each(judged)('$id: $state agrees with the version of $ref', ({ state, ref, range }) => {
    const version = parts.get(ref)?.version;
    // A part that names no version may be any.
    const affected = version === undefined || contains(range, version);
    expect(affected).toBe(state !== 'resolved');
  });

  test('files and tests that a verdict leans on are there', () => {
    const named = vulnerabilities.flatMap(({ analysis: { detail } }) =>
      [...detail.matchAll(/(?:src|test)\/[\w/.-]+\.ts/g)].map(([path]) => path),
    );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('the page for people tells each with the same verdict', () => {
    const page = read('docs/advisories/dependencies.md');
    const section = (title: string): string => page.split(`\n## ${title}`)[1]?.split('\n## ')[0] ?? '';
    const told = {
      open: section('Affected, or not known'),
      not: section('Not affected, because'),
      fixed: section('Fixed in what we use'),
    };
    const where = { exploitable: told.open, in_triage: told.open, not_affected: told.not, resolved: told.fixed };
    expect(
      vulnerabilities.filter(({ id, analysis: { state } }) => !where[state].includes(id)).map(({ id }) => id),
    ).toEqual([]);
    for (const {
      id,
      analysis: { state },
    } of vulnerabilities)
      if (state !== 'resolved') expect([id, told.fixed.includes(`${id}:`)]).toEqual([id, false]);
  });
});

describe('versions and ranges', () => {
  test.each([
    ['vers:npm/<3.9.3', '3.9.2', true],
    ['vers:npm/<3.9.3', '3.9.3', false],
    ['vers:npm/<3.10.0', '3.9.31', true],
    ['vers:npm/>=5.0.0|<5.3.2', '4.9.9', false],
    ['vers:npm/>=5.0.0|<5.3.2', '5.3.1', true],
    ['vers:generic/<25.00', '24.09', true],
    ['vers:generic/<25.01', '25.01', false],
    ['vers:generic/<=7.1.2-30', '7.1.2-30', true],
    ['vers:generic/<=7.1.2-30', '7.1.2-31', false],
    ['vers:generic/abc', 'abc', true],
    ['vers:generic/abc', 'abd', false],
  ])('%s contains %s: %s', (range, version, expected) => {
    expect(contains(range, version)).toBe(expected);
  });
});

test('whoever finds a hole reads where to tell it, what we promise and for which versions', () => {
  const page = read('SECURITY.md');
  expect(page).toMatch(/Report a vulnerability/);
  expect(page).toMatch(/www\.ipa\.go\.jp\/security\/todokede/);
  expect(page).toMatch(/## Supported versions/);
  const { version } = JSON.parse(read('package.json'));
  expect(page).toContain(`| ${version.replace(/\.\d+$/, '.x')} `);
  const named = [...page.matchAll(/`(docs\/[\w/.-]+)`/g)].map(([, path = '']) => path);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
