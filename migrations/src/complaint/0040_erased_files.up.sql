-- Files of people who were erased, until their bytes are deleted from the object store.
CREATE TABLE erased_files (
    complaint_id UUID NOT NULL,
    id           UUID NOT NULL,
    PRIMARY KEY (complaint_id, id)
) {without_rowid};
