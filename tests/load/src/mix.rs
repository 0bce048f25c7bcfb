//! What callers want, in the shares in which they want it.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::{Dice, Stock, stock::Dealer};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Who is this? By phone, at a dealer's counter.
    Lookup,
    /// Everything about a customer.
    Profile,
    /// A customer by id.
    Customer,
    /// A page of open complaints.
    Complaints,
    /// Complaints of the last months by dealer.
    ComplaintReport,
    /// A case is opened.
    OpenComplaint,
    /// A case is moved on.
    MoveComplaint,
    /// A customer's record, written live.
    PutRecord,
    /// A visit, written live.
    PutVisit,
    /// Scorecards of data quality.
    Scorecards,
    /// The pyramid of customers' worth.
    Pyramid,
    /// A small file.
    Import,
}

/// How many of a thousand requests are of each kind: a counter that looks people up all day, desks that work on cases, systems
/// that write what happens, a few who look at figures, and files now and then.
const SHARES: [(Kind, usize); 12] = [
    (Kind::Lookup, 300),
    (Kind::Profile, 300),
    (Kind::Customer, 80),
    (Kind::Complaints, 60),
    (Kind::ComplaintReport, 5),
    (Kind::OpenComplaint, 20),
    (Kind::MoveComplaint, 60),
    (Kind::PutRecord, 100),
    (Kind::PutVisit, 40),
    (Kind::Scorecards, 24),
    (Kind::Pyramid, 10),
    (Kind::Import, 1),
];
/// Rows of a file that comes now and then.
const FILE_ROWS: usize = 100;
/// The life of a case, with the note that a move needs.
const COURSE: [(&str, &str); 5] = [
    ("acknowledged", ""),
    ("in_progress", ""),
    ("resolved", "换了原厂片"),
    ("followed_up", "满意"),
    ("closed", ""),
];

impl Kind {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Profile => "profile",
            Self::Customer => "customer",
            Self::Complaints => "complaints",
            Self::ComplaintReport => "complaint_report",
            Self::OpenComplaint => "open_complaint",
            Self::MoveComplaint => "move_complaint",
            Self::PutRecord => "put_record",
            Self::PutVisit => "put_visit",
            Self::Scorecards => "scorecards",
            Self::Pyramid => "pyramid",
            Self::Import => "import",
        }
    }
}

/// A request as it is sent.
#[derive(Debug)]
pub struct Wanted {
    /// Its kind.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The case that it moves, and how far it was.
    case: Option<(String, usize)>,
}

/// Makes requests, and remembers the cases they opened.
#[derive(Debug)]
pub struct Mix {
    stock: Stock,
    dice: Dice,
    /// Cases that can be moved: each is out with one caller at a time.
    cases: VecDeque<(String, usize)>,
    /// Counts what must be new each time.
    made: u64,
    /// Tells this run's keys from those of another on the same data.
    run: u64,
}

impl Mix {
    /// Requests from what the system knows.
    pub fn new(stock: Stock, seed: u64) -> Self {
        Self {
            stock,
            dice: Dice::new(seed),
            cases: VecDeque::new(),
            made: 0,
            run: seed,
        }
    }

    /// The next request.
    pub fn draw(&mut self) -> Wanted {
        let mut at = self.dice.below(SHARES.iter().map(|(_, share)| share).sum());
        let mut kind = Kind::Profile;
        for (candidate, share) in SHARES {
            if at < share {
                kind = candidate;
                break;
            }
            at -= share;
        }
        self.made += 1;
        self.make(kind)
    }

    /// Learns from an answer: a case that was opened or moved can be moved again.
    pub fn answered(&mut self, wanted: Wanted, status: u16, body: &[u8]) {
        let is_done = (200..300).contains(&status);
        match (wanted.kind, wanted.case) {
            (Kind::OpenComplaint, _) if is_done => {
                let opened: Option<Value> = serde_json::from_slice(body).ok();
                let id = opened.as_ref().and_then(|case| case["id"].as_str());
                self.cases.extend(id.map(|id| (id.to_owned(), 0)));
            }
            (_, Some((id, step))) if is_done && step + 1 < COURSE.len() => {
                self.cases.push_back((id, step + 1));
            }
            // Refused before anything was done: the case stands where it stood.
            (_, Some(case)) if matches!(status, 429 | 503) => self.cases.push_back(case),
            _ => {}
        }
    }

    fn make(&mut self, kind: Kind) -> Wanted {
        let dealer = self.dice.below(self.stock.dealers.len());
        let (roll, made) = (self.dice.roll() as usize, self.made);
        let dealer = &self.stock.dealers[dealer];
        let customer = &dealer.customers[roll % dealer.customers.len()];
        let own = format!("{}-{made}", self.run);
        let hq = &self.stock.headquarters;
        let get = |path: &str, token: &str| request("GET", path, token, None, "");
        let mut case = None;
        let bytes = match kind {
            Kind::Lookup => {
                let phone = &dealer.phones[roll % dealer.phones.len()];
                let body = json!({"phone": phone}).to_string();
                request("POST", "/v1/lookup", &dealer.counter, None, &body)
            }
            Kind::Profile => get(&format!("/v1/customers/{customer}/profile"), hq),
            Kind::Customer => get(&format!("/v1/customers/{customer}"), hq),
            Kind::Complaints => get("/v1/complaints?state=open&page_size=20", &dealer.counter),
            Kind::ComplaintReport => get("/v1/complaints/report?by=dealer", hq),
            Kind::Scorecards => get("/v1/quality/scorecards?page_size=20", hq),
            Kind::Pyramid => get("/v1/scores/pyramid", hq),
            Kind::PutRecord => put_record(dealer, &own, made),
            Kind::PutVisit => put_visit(dealer, &own, made),
            Kind::Import => import(dealer, &own, roll),
            Kind::MoveComplaint if !self.cases.is_empty() => {
                case = self.cases.pop_front();
                let (id, step) = case.as_ref().expect("there was one");
                let (to, note) = COURSE[*step];
                let body = json!({"to": to, "note": note}).to_string();
                request(
                    "POST",
                    &format!("/v1/complaints/{id}/transitions"),
                    hq,
                    Some(&own),
                    &body,
                )
            }
            Kind::OpenComplaint | Kind::MoveComplaint => open_complaint(dealer, &own, customer),
        };
        let kind = match (kind, &case) {
            (Kind::MoveComplaint, None) => Kind::OpenComplaint,
            (kind, _) => kind,
        };
        Wanted { kind, bytes, case }
    }
}

fn open_complaint(dealer: &Dealer, own: &str, customer: &str) -> Vec<u8> {
    let body = json!({
        "dealer": dealer.code, "source": "dms", "customer_id": customer, "channel": "phone", "category": "维修质量",
        "severity": "medium", "text": "刹车修了三次还是响", "another_matter": true,
    });
    request(
        "POST",
        "/v1/complaints",
        &dealer.counter,
        Some(own),
        &body.to_string(),
    )
}

fn put_record(dealer: &Dealer, own: &str, made: u64) -> Vec<u8> {
    let phone = 13_900_000_000 + made.wrapping_mul(2_654_435_761) % 100_000_000;
    let body = json!({"name": name(made), "phone": phone.to_string()}).to_string();
    let path = format!("/v1/source-records/{}/load/{own}", dealer.code);
    request("PUT", &path, &dealer.dms, Some(own), &body)
}

fn put_visit(dealer: &Dealer, own: &str, made: u64) -> Vec<u8> {
    let line = &dealer.lines[1 + made as usize % (dealer.lines.len() - 1)];
    let key = line.split(|byte| *byte == b',').next().unwrap_or_default();
    let customer = String::from_utf8_lossy(key);
    let body = json!({
        "dealer": dealer.code, "source": "dms", "order_number": own, "vin": "LJ1EEKRN7R4000001", "customer_key": customer,
        "kind": "maintenance", "opened_at": "2026-03-01 09:30", "closed_at": "2026-03-01 11:00", "odometer_km": "12000", "amount": "680.00",
    });
    request(
        "POST",
        "/v1/visits",
        &dealer.dms,
        Some(own),
        &body.to_string(),
    )
}

/// Lines of the dealer's own file again: most are unchanged, as in files that systems send every night.
fn import(dealer: &Dealer, own: &str, roll: usize) -> Vec<u8> {
    let rows = &dealer.lines[1..];
    let from = roll % rows.len();
    let mut file = dealer.lines[0].clone();
    for line in rows.iter().cycle().skip(from).take(FILE_ROWS) {
        file.push(b'\n');
        file.extend_from_slice(line);
    }
    file.push(b'\n');
    let path = format!(
        "/v1/imports?kind=customers&dealer={}&source=dms",
        dealer.code
    );
    with_body(
        head("POST", &path, &dealer.dms, Some(own)),
        "text/csv",
        &file,
    )
}

/// A name as common as names are.
fn name(made: u64) -> String {
    const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗";
    const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平";
    let mixed = made.wrapping_mul(2_654_435_761) >> 7;
    let pick = |of: &str, at: u64| of.chars().nth((at % 20) as usize).unwrap_or('王');
    [
        pick(FAMILY, mixed),
        pick(GIVEN, mixed / 20),
        pick(GIVEN, mixed / 400),
    ]
    .iter()
    .collect()
}

/// A request as bytes.
fn request(method: &str, path: &str, token: &str, key: Option<&str>, body: &str) -> Vec<u8> {
    let head = head(method, path, token, key);
    if body.is_empty() {
        return (head + "\r\n").into_bytes();
    }
    with_body(head, "application/json", body.as_bytes())
}

fn head(method: &str, path: &str, token: &str, key: Option<&str>) -> String {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: marque\r\nauthorization: Bearer {token}\r\n");
    if let Some(key) = key {
        head = head + "idempotency-key: load-" + key + "\r\n";
    }
    head
}

fn with_body(head: String, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(
        format!("content-type: {kind}\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
    );
    bytes.extend_from_slice(body);
    bytes
}
