DROP TABLE import_quarantine;
DROP TABLE import_batches;
DROP TABLE imports;
