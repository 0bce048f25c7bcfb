DROP TABLE accuracy_points;
DROP TABLE work_items;
DROP TABLE work_lists;
DROP TABLE verifications;
