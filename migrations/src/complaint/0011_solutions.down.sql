DROP TABLE solution_uses;
DROP TABLE solution_versions;
DROP TABLE solutions;
