-- Of a record that was entered twice, the other one, which is of the same dealer.
ALTER TABLE findings ADD COLUMN repeats UUID;
