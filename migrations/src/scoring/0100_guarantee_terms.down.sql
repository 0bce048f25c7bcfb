DROP TABLE guarantee_terms;
