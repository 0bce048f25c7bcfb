{postgres: DROP SEQUENCE customers_number_seq}
{postgres: DROP SEQUENCE source_records_seq_seq}
DROP TABLE receptions;
DROP TABLE consents;
DROP TABLE duplicate_decisions;
DROP TABLE duplicates;
DROP TABLE moves;
DROP TABLE key_slices;
DROP TABLE stale_keys;
DROP TABLE key_segments;
DROP TABLE record_keys;
DROP TABLE source_records;
DROP TABLE customers;
