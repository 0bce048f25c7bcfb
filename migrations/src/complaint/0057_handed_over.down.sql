DROP TABLE handed_over_keys;
