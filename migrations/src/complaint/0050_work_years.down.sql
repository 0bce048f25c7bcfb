DROP TABLE settled_years;
DROP TABLE work_years;
