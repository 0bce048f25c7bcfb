//! The files: four a dealer, the network, and the truth.

use std::io::{self, BufWriter, Write};

use marque_tabular::{CsvWriter, Encoding, Schema};

use crate::{
    generator::Generator,
    network::Dealer,
    rows::{Bundle, ComplaintRow, CustomerRow, VehicleRow, VisitRow},
};

const BUFFER_BYTES: usize = 1 << 18;

/// How many rows were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Customer rows.
    pub customers: u64,
    /// Vehicle rows.
    pub vehicles: u64,
    /// Visit rows.
    pub visits: u64,
    /// Complaint rows.
    pub complaints: u64,
    /// People and organisations the customer rows are about.
    pub entities: u64,
}

/// Writes everything. `create` opens a file for a path relative to the folder of the files, such as
/// `D001/customers.csv`; `progress` is told the customer rows written so far after each dealer.
///
/// # Errors
/// Those of the files.
pub fn write_files<W: Write>(
    generator: &Generator,
    mut create: impl FnMut(&str) -> io::Result<W>,
    mut progress: impl FnMut(u64),
) -> io::Result<Written> {
    let network = toml::to_string(&generator.network()).map_err(io::Error::other)?;
    create("network.toml")?.write_all(network.as_bytes())?;
    let mut truth = Truth::create(&mut create)?;
    let mut written = Written::default();
    for (place, dealer) in generator.dealers().iter().enumerate() {
        truth.dealer(dealer)?;
        let mut files = DealerFiles::create(dealer, place, &mut create)?;
        let mut rows = generator.rows(place);
        let mut bundle = Bundle::default();
        while rows.next_into(&mut bundle) {
            files.write(&bundle)?;
            truth.bundle(dealer, &bundle)?;
            written.count(&bundle);
        }
        files.finish()?;
        progress(written.customers);
    }
    written.entities = truth.finish()?;
    Ok(written)
}

impl Written {
    fn count(&mut self, bundle: &Bundle) {
        self.customers += 1;
        self.vehicles += bundle.vehicles().len() as u64;
        self.visits += bundle.visits().len() as u64;
        self.complaints += bundle.complaints().len() as u64;
    }
}

/// The four files of a dealer.
struct DealerFiles<W: Write> {
    customers: CsvWriter<BufWriter<W>>,
    vehicles: CsvWriter<BufWriter<W>>,
    visits: CsvWriter<BufWriter<W>>,
    complaints: CsvWriter<BufWriter<W>>,
}

impl<W: Write> DealerFiles<W> {
    /// Every third dealer's program writes Chinese headers, half of those in GB18030.
    fn create(
        dealer: &Dealer,
        place: usize,
        create: &mut impl FnMut(&str) -> io::Result<W>,
    ) -> io::Result<Self> {
        let is_chinese = place % 3 == 1;
        let encoding = if place % 6 == 1 {
            Encoding::Gb18030
        } else {
            Encoding::Utf8
        };
        let mut open = |kind: &str, headers: &[&'static str]| -> io::Result<_> {
            let file = create(&format!("{}/{kind}.csv", dealer.code))?;
            let mut csv = CsvWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file), encoding);
            csv.write(headers.iter().map(|header| {
                if is_chinese {
                    chinese_header(kind, header)
                } else {
                    header
                }
            }))?;
            Ok(csv)
        };
        Ok(Self {
            customers: open("customers", &CustomerRow::HEADERS)?,
            vehicles: open("vehicles", &VehicleRow::HEADERS)?,
            visits: open("visits", &VisitRow::HEADERS)?,
            complaints: open("complaints", &ComplaintRow::HEADERS)?,
        })
    }

    fn write(&mut self, bundle: &Bundle) -> io::Result<()> {
        self.customers.write(bundle.customer.iter())?;
        for vehicle in bundle.vehicles() {
            self.vehicles.write(vehicle.iter())?;
        }
        for visit in bundle.visits() {
            self.visits.write(visit.iter())?;
        }
        for complaint in bundle.complaints() {
            self.complaints.write(complaint.iter())?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        for csv in [self.customers, self.vehicles, self.visits, self.complaints] {
            csv.finish()?;
        }
        Ok(())
    }
}

/// The most usual Chinese name of a canonical column.
fn chinese_header(kind: &str, header: &'static str) -> &'static str {
    let schema = Schema::of(kind).expect("the four kinds have schemas");
    let column = schema
        .column(header)
        .expect("the rows have canonical columns");
    schema.columns[column].aliases().next().unwrap_or(header)
}

/// What nobody but the generator knows.
struct Truth<W: Write> {
    customers: CsvWriter<BufWriter<W>>,
    visits: CsvWriter<BufWriter<W>>,
    dealers: CsvWriter<BufWriter<W>>,
    entities: u64,
}

impl<W: Write> Truth<W> {
    fn create(create: &mut impl FnMut(&str) -> io::Result<W>) -> io::Result<Self> {
        let mut open = |name: &str, headers: &[&str]| -> io::Result<_> {
            let file = create(&format!("truth/{name}.csv"))?;
            let mut csv =
                CsvWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file), Encoding::Utf8);
            csv.write(headers.iter().copied())?;
            Ok(csv)
        };
        Ok(Self {
            customers: open("customers", &["dealer", "source_key", "cluster", "flags"])?,
            visits: open("visits", &["dealer", "order_number", "flags"])?,
            dealers: open(
                "dealers",
                &["dealer", "city", "records", "falsifies", "showroom_phone"],
            )?,
            entities: 0,
        })
    }

    fn dealer(&mut self, dealer: &Dealer) -> io::Result<()> {
        let ways: Vec<_> = dealer.falsifies.iter().map(|way| way.name()).collect();
        let records = dealer.customers().to_string();
        self.dealers.write([
            &dealer.code,
            dealer.city(),
            &records,
            &ways.join(";"),
            &dealer.showroom_phone,
        ])
    }

    fn bundle(&mut self, dealer: &Dealer, bundle: &Bundle) -> io::Result<()> {
        let mut flags = String::new();
        for dirt in &bundle.dirt {
            if !flags.is_empty() {
                flags.push('|');
            }
            flags.push_str(dirt.name());
        }
        let entity = format!("E{}", bundle.entity);
        self.customers.write([
            &dealer.code,
            bundle.customer.get("source_key"),
            &entity,
            &flags,
        ])?;
        if bundle.has_fake_mileage {
            for visit in bundle.visits() {
                self.visits
                    .write([&dealer.code, visit.get("order_number"), "fake_mileage"])?;
            }
        }
        self.entities += u64::from(bundle.is_first_of_entity);
        Ok(())
    }

    fn finish(self) -> io::Result<u64> {
        for csv in [self.customers, self.visits, self.dealers] {
            csv.finish()?;
        }
        Ok(self.entities)
    }
}
