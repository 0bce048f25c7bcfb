//! The rows of the files, all fields as text, in the canonical columns.

/// One row of `customers`.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// The fields in the order of [`CustomerRow::HEADERS`].
    fields: [String; 26],
}

/// One row of `vehicles`.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct VehicleRow {
    fields: [String; 14],
}

/// One row of `visits`; `lines` is JSON.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct VisitRow {
    fields: [String; 12],
}

/// One row of `complaints`.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct ComplaintRow {
    fields: [String; 9],
}

/// What the four kinds of rows have in common.
pub(crate) trait Fields: Default {
    const HEADERS: &'static [&'static str];
    fn texts(&self) -> &[String];
    fn texts_mut(&mut self) -> &mut [String];

    /// The field to write a column's text into.
    fn column(&mut self, name: &str) -> &mut String {
        let place = Self::HEADERS
            .iter()
            .position(|header| *header == name)
            .expect("only columns of the row are named");
        &mut self.texts_mut()[place]
    }
}

impl CustomerRow {
    /// Canonical columns.
    pub const HEADERS: [&'static str; 26] = [
        "source_key",
        "kind",
        "name",
        "id_number",
        "credit_code",
        "phone",
        "phone2",
        "email",
        "wechat",
        "gender",
        "birthday",
        "address",
        "region_code",
        "occupation",
        "industry",
        "income_band",
        "hobbies",
        "explicit_requests",
        "special_needs",
        "acquisition_channel",
        "referrer_key",
        "contact_name",
        "plate",
        "vin",
        "clerk",
        "recorded_at",
    ];
}

impl VehicleRow {
    /// Canonical columns.
    pub const HEADERS: [&'static str; 14] = [
        "vin",
        "plate",
        "brand",
        "series",
        "model",
        "model_year",
        "color",
        "energy_type",
        "sale_date",
        "selling_dealer",
        "owner_key",
        "insurance_expiry",
        "inspection_due",
        "warranty_end",
    ];
}

impl VisitRow {
    /// Canonical columns.
    pub const HEADERS: [&'static str; 12] = [
        "order_number",
        "vin",
        "customer_key",
        "kind",
        "opened_at",
        "closed_at",
        "odometer_km",
        "adviser",
        "complaint_text",
        "diagnosis",
        "amount",
        "lines",
    ];
}

impl ComplaintRow {
    /// Canonical columns.
    pub const HEADERS: [&'static str; 9] = [
        "complaint_key",
        "customer_key",
        "vin",
        "opened_at",
        "channel",
        "category",
        "severity",
        "text",
        "department",
    ];
}

impl CustomerRow {
    /// The field of a canonical column; empty for a column the row does not have.
    pub fn get(&self, column: &str) -> &str {
        text_of(self, column)
    }

    /// The fields in the order of the headers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

impl VehicleRow {
    /// The field of a canonical column; empty for a column the row does not have.
    pub fn get(&self, column: &str) -> &str {
        text_of(self, column)
    }

    /// The fields in the order of the headers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

impl VisitRow {
    /// The field of a canonical column; empty for a column the row does not have.
    pub fn get(&self, column: &str) -> &str {
        text_of(self, column)
    }

    /// The fields in the order of the headers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

impl ComplaintRow {
    /// The field of a canonical column; empty for a column the row does not have.
    pub fn get(&self, column: &str) -> &str {
        text_of(self, column)
    }

    /// The fields in the order of the headers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

fn text_of<'r, R: Fields>(row: &'r R, column: &str) -> &'r str {
    let place = R::HEADERS.iter().position(|header| *header == column);
    place.map_or("", |place| &row.texts()[place])
}

impl Fields for CustomerRow {
    const HEADERS: &'static [&'static str] = &Self::HEADERS;
    fn texts(&self) -> &[String] {
        &self.fields
    }
    fn texts_mut(&mut self) -> &mut [String] {
        &mut self.fields
    }
}

impl Fields for VehicleRow {
    const HEADERS: &'static [&'static str] = &Self::HEADERS;
    fn texts(&self) -> &[String] {
        &self.fields
    }
    fn texts_mut(&mut self) -> &mut [String] {
        &mut self.fields
    }
}

impl Fields for VisitRow {
    const HEADERS: &'static [&'static str] = &Self::HEADERS;
    fn texts(&self) -> &[String] {
        &self.fields
    }
    fn texts_mut(&mut self) -> &mut [String] {
        &mut self.fields
    }
}

impl Fields for ComplaintRow {
    const HEADERS: &'static [&'static str] = &Self::HEADERS;
    fn texts(&self) -> &[String] {
        &self.fields
    }
    fn texts_mut(&mut self) -> &mut [String] {
        &mut self.fields
    }
}

/// Rows that are filled again and again without giving their memory back.
#[derive(Clone)]
pub(crate) struct Pool<R> {
    rows: Vec<R>,
    used: usize,
}

impl<R> Default for Pool<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            used: 0,
        }
    }
}

impl<R: Fields> Pool<R> {
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// An empty row at the end.
    pub(crate) fn push(&mut self) -> &mut R {
        if self.used == self.rows.len() {
            self.rows.push(R::default());
        }
        let row = &mut self.rows[self.used];
        row.texts_mut().iter_mut().for_each(String::clear);
        self.used += 1;
        row
    }

    pub(crate) fn as_slice(&self) -> &[R] {
        &self.rows[..self.used]
    }
}

/// One customer row with all that hangs on it, and the truth about it.
#[derive(Default, Clone)]
pub struct Bundle {
    /// The customer as the dealer wrote it.
    pub customer: CustomerRow,
    /// Number of the person or organisation the row is about; rows of the same one have the same number.
    pub entity: u64,
    /// Whether this is the row the entity was made for; every entity has exactly one such row.
    pub is_first_of_entity: bool,
    /// What was done to the row.
    pub dirt: Vec<crate::dirt::Dirt>,
    pub(crate) vehicles: Pool<VehicleRow>,
    pub(crate) visits: Pool<VisitRow>,
    pub(crate) complaints: Pool<ComplaintRow>,
    /// Whether the odometers of the visits were made up.
    pub has_fake_mileage: bool,
}

impl Bundle {
    /// The customer's vehicles at this dealer.
    pub fn vehicles(&self) -> &[VehicleRow] {
        self.vehicles.as_slice()
    }

    /// Their visits.
    pub fn visits(&self) -> &[VisitRow] {
        self.visits.as_slice()
    }

    /// The customer's complaints.
    pub fn complaints(&self) -> &[ComplaintRow] {
        self.complaints.as_slice()
    }
}
