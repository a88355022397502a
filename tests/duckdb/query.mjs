// query.mjs DIR < [SQL, ...]: the rows of each query, as JSON.  DIR has DuckDB in node_modules (`./setup --long`).
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { DuckDBInstance } = createRequire(process.argv[2] + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const found = [];
for (const sql of JSON.parse(readFileSync(0, 'utf8'))) {
    const reader = await connection.runAndReadAll(sql);
    found.push(reader.getRowsJson());
}
process.stdout.write(JSON.stringify(found));
