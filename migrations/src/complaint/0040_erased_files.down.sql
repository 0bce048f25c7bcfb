DROP TABLE erased_files;
