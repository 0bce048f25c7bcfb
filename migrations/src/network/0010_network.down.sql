DROP TABLE staff;
DROP TABLE dealers;
