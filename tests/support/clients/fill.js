// Fill in a workbook and save it as a program of this library would.
// One JSON document on stdin: {"library": "exceljs" | "xlsx", "input": path, "output": path,
//   "cells": [{"sheet": title, "cell": "C7", "value": text or number, "date": "2024-12-31" instead}]}
'use strict';

function fillWithExcelJs(job) {
  const ExcelJS = require('exceljs');
  const workbook = new ExcelJS.Workbook();
  return workbook.xlsx.readFile(job.input).then(() => {
    for (const entry of job.cells) {
      const cell = workbook.getWorksheet(entry.sheet).getCell(entry.cell);
      cell.value = entry.date ? new Date(entry.date + 'T00:00:00Z') : entry.value;
    }
    return workbook.xlsx.writeFile(job.output);
  });
}

function fillWithSheetJs(job) {
  const XLSX = require('xlsx');
  const workbook = XLSX.readFile(job.input, { cellStyles: true, cellNF: true });
  for (const entry of job.cells) {
    const sheet = workbook.Sheets[entry.sheet];
    let cell = { t: typeof entry.value === 'number' ? 'n' : 's', v: entry.value };
    if (entry.date) {
      const days = Date.parse(entry.date + 'T00:00:00Z') / 86400000 + 25569;
      cell = { t: 'n', v: days, z: 'yyyy-mm-dd' };
    }
    sheet[entry.cell] = cell;
    XLSX.utils.sheet_add_aoa(sheet, [], { origin: entry.cell });
  }
  XLSX.writeFile(workbook, job.output, { cellStyles: true });
  return Promise.resolve();
}

let order = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => { order += chunk; });
process.stdin.on('end', () => {
  const job = JSON.parse(order);
  const fill = job.library === 'exceljs' ? fillWithExcelJs : fillWithSheetJs;
  fill(job).catch((error) => {
    process.stderr.write(String(error && error.stack || error) + '\n');
    process.exit(1);
  });
});
