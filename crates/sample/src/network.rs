//! The dealers, their regions, groups, departments and staff.

use serde::Serialize;

use crate::{
    config::{Config, Falsification},
    rng::{Domain, Rng},
    tables::{
        names,
        regions::{REGIONS, sales_region},
        words::MOBILE_PREFIXES,
    },
};

/// Dealers that share a city, and so customers.
const CLUSTER: u64 = 4;
/// A dealer's departments.
const DEPARTMENTS: [&str; 5] = ["销售", "售后", "配件", "客服", "市场"];

/// A dealer as `network.toml` has it, with the truth about him.
#[derive(Debug, Clone, Serialize)]
pub struct Dealer {
    /// Code used everywhere, such as `D001`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Region of the network.
    pub region: String,
    /// Dealer group.
    pub group: String,
    /// Departments.
    pub departments: Vec<String>,
    /// Ways in which he falsifies; none for most.
    #[serde(skip)]
    pub falsifies: Vec<Falsification>,
    /// His own line, given as the customer's phone by some.
    #[serde(skip)]
    pub showroom_phone: String,
    /// Place of his city in the table of regions.
    #[serde(skip)]
    pub(crate) city: usize,
    /// First and one past the last of his customer rows, counted over all dealers.
    #[serde(skip)]
    pub(crate) slots: (u64, u64),
    #[serde(skip)]
    pub(crate) staff: Vec<Staff>,
}

/// A member of the staff as `network.toml` has it.
#[derive(Clone, Serialize)]
pub struct Staff {
    /// Code of the dealer.
    pub dealer: String,
    /// Code within the dealer.
    pub code: String,
    /// Name.
    pub name: String,
    /// Department.
    pub department: String,
    /// Mobile phone.
    pub phone: String,
}

/// Names and phones stay out of logs.
impl std::fmt::Debug for Staff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Staff {{ dealer: {}, code: {} }}",
            self.dealer, self.code
        )
    }
}

/// The whole network, as `network.toml`.
#[derive(Debug, Serialize)]
pub struct Network<'a> {
    /// All dealers.
    pub dealers: &'a [Dealer],
    /// All staff.
    pub staff: Vec<&'a Staff>,
}

impl Dealer {
    /// All dealers of a network; their shares of the customers differ up to four times.
    pub(crate) fn all(seed: u64, config: &Config) -> Vec<Self> {
        let sizes: Vec<f64> = (0..config.dealers)
            .map(|number| 0.5 + 1.5 * Rng::new(seed, Domain::Dealer, number).unit())
            .collect();
        let total: f64 = sizes.iter().sum();
        let mut dealers = Vec::new();
        let (mut reached, mut first) = (0.0, 0);
        for (number, size) in (0..config.dealers).zip(&sizes) {
            reached += size;
            let is_last = number + 1 == config.dealers;
            let end = if is_last {
                config.customers
            } else {
                (reached / total * config.customers as f64).round() as u64
            };
            dealers.push(Self::one(seed, config, number, (first, end)));
            first = end;
        }
        dealers
    }

    fn one(seed: u64, config: &Config, number: u64, slots: (u64, u64)) -> Self {
        let city = REGIONS.draw(&mut Rng::new(
            seed,
            Domain::Dealer,
            1_000_000 + number / CLUSTER,
        ));
        let place = &REGIONS.cities[city];
        let mut rng = Rng::new(seed, Domain::Dealer, 2_000_000 + number);
        let code = format!("D{:03}", number + 1);
        let groups = ["启辰汽车集团", "广达汽车集团", "润通汽车集团", "独立经销商"];
        let short = place.name.trim_end_matches('市');
        let name = format!(
            "{short}{}汽车销售服务有限公司",
            rng.word(crate::tables::words::COMPANY_WORDS)
        );
        let staff = (0..rng.between(12, 24))
            .map(|index| Staff::one(&code, index, &mut rng))
            .collect();
        Self {
            name,
            region: sales_region(place.province).to_owned(),
            group: rng.word(&groups).to_owned(),
            departments: DEPARTMENTS.map(str::to_owned).to_vec(),
            falsifies: falsifications(config, seed, &mut rng, number),
            showroom_phone: format!(
                "{}-8{:06}{}",
                place.phone_prefix,
                rng.below(1_000_000),
                if place.phone_prefix.len() == 3 {
                    "0"
                } else {
                    ""
                }
            ),
            city,
            slots,
            staff,
            code,
        }
    }

    /// Number of his customer rows.
    pub fn customers(&self) -> u64 {
        self.slots.1 - self.slots.0
    }

    /// City he is in.
    pub fn city(&self) -> &'static str {
        REGIONS.cities[self.city].name
    }

    /// His staff.
    pub fn staff(&self) -> &[Staff] {
        &self.staff
    }

    /// Members of a department; every department has some.
    pub(crate) fn members(&self, department: usize) -> impl Iterator<Item = &Staff> {
        self.staff
            .iter()
            .skip(department)
            .step_by(DEPARTMENTS.len())
    }

    /// Someone of a department.
    pub(crate) fn somebody(&self, department: usize, rng: &mut Rng) -> &Staff {
        let count = self.members(department).count();
        self.members(department)
            .nth(rng.below(count))
            .expect("every department has members")
    }
}

/// The falsifying dealers are spread evenly over the network, and so are the ways, of which each has one to three: so even
/// a small network has its share of them.
fn falsifications(config: &Config, seed: u64, rng: &mut Rng, number: u64) -> Vec<Falsification> {
    let shift = (seed % 97) as f64 / 97.0;
    let before = (number as f64 * config.falsifying_share + shift).floor();
    let after = ((number + 1) as f64 * config.falsifying_share + shift).floor();
    if after <= before {
        return Vec::new();
    }
    let first = (seed + before as u64) as usize;
    let ways = 1 + rng.below(3);
    let mut ways: Vec<_> = (0..ways)
        .map(|step| Falsification::ALL[(first + step * 3) % Falsification::ALL.len()])
        .collect();
    ways.sort_unstable();
    ways
}

impl Staff {
    fn one(dealer: &str, index: i64, rng: &mut Rng) -> Self {
        let mut name = names::surname(rng).to_owned();
        let is_male = rng.permille(550);
        names::push_given(rng, is_male, 1990, &mut name);
        Self {
            dealer: dealer.to_owned(),
            code: format!("{dealer}-{:02}", index + 1),
            name,
            department: DEPARTMENTS[index as usize % DEPARTMENTS.len()].to_owned(),
            phone: format!("{}{:08}", rng.word(MOBILE_PREFIXES), rng.below(100_000_000)),
        }
    }
}

/// Departments by place.
pub(crate) const SALES: usize = 0;
pub(crate) const SERVICE: usize = 1;

/// The dealers (first and one past the last) who share customers with this one.
pub(crate) fn cluster_of(number: u64, dealers: u64) -> (u64, u64) {
    let first = number / CLUSTER * CLUSTER;
    (first, (first + CLUSTER).min(dealers))
}
