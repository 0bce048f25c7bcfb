DROP TABLE vehicle_sales;
DROP TABLE customer_aliases;
DROP TABLE record_links;
DROP TABLE visit_versions;
DROP TABLE visits;
