//! Puts it all together: for each dealer a stream of customer rows with what hangs on them.
//!
//! A row is a *slot*, numbered over all dealers. A slot either owns the entity of its number or, being a duplicate, is
//! about the entity of another slot at the same dealer or at one nearby. Which it is follows from the seed and the
//! number alone, so any row can be made without the others.

use crate::{
    complaint::write_complaints,
    config::{Config, Falsification},
    customer::Entry,
    entity::{Entity, push_digits},
    network::{Dealer, Network, cluster_of},
    quota::{self, Quota},
    rng::{Domain, Rng},
    rows::Bundle,
    tables::regions::REGIONS,
    vehicle::{MAX_CARS, Vehicle},
    visit::Stay,
};

/// Owners in a thousand whose first car was somebody else's before.
const USED_PERMILLE: u32 = 60;

/// All files of a network, made anew from the seed whenever they are asked for.
#[derive(Debug)]
pub struct Generator {
    seed: u64,
    config: Config,
    dealers: Vec<Dealer>,
}

impl Generator {
    /// The same seed and config give the same files, on every machine.
    pub fn new(seed: u64, config: Config) -> Self {
        let dealers = Dealer::all(seed, &config);
        Self {
            seed,
            config,
            dealers,
        }
    }

    /// What is made.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The dealers.
    pub fn dealers(&self) -> &[Dealer] {
        &self.dealers
    }

    /// Dealers and staff as `network.toml`.
    pub fn network(&self) -> Network<'_> {
        Network {
            dealers: &self.dealers,
            staff: self.dealers.iter().flat_map(Dealer::staff).collect(),
        }
    }

    /// The rows of a dealer, by his place in [`Self::dealers`].
    ///
    /// # Panics
    /// If there is no such dealer.
    pub fn rows(&self, dealer: usize) -> DealerRows<'_> {
        let (first, end) = self.dealers[dealer].slots;
        let part = |ratio: f64, slot: u64| (ratio * slot as f64).round() as u64;
        let total = |ratio: f64| part(ratio, end) - part(ratio, first);
        let vehicles = total(self.config.vehicles_per_customer);
        let visits_a_customer = self.config.vehicles_per_customer * self.config.visits_per_vehicle;
        DealerRows {
            generator: self,
            dealer: &self.dealers[dealer],
            number: dealer as u64,
            next_slot: first,
            vehicles: Quota::new(vehicles, end - first, quota::VEHICLES),
            visits: Quota::new(total(visits_a_customer), vehicles, quota::VISITS),
            complaints: Quota::new(
                total(self.config.complaints_per_customer),
                end - first,
                quota::COMPLAINTS,
            ),
            rng: Rng::new(self.seed, Domain::Quota, dealer as u64),
            entity: Entity::default(),
            cars: Vec::new(),
            source_key: String::new(),
            orders: 0,
            complaints_made: 0,
        }
    }

    /// All rows of all dealers, one after the other, each with a memory of its own.
    pub fn all_rows(&self) -> impl Iterator<Item = (&Dealer, Bundle)> {
        (0..self.dealers.len()).flat_map(move |dealer| {
            self.rows(dealer)
                .map(move |bundle| (&self.dealers[dealer], bundle))
        })
    }

    fn dealer_of(&self, slot: u64) -> &Dealer {
        let place = self
            .dealers
            .partition_point(|dealer| dealer.slots.1 <= slot);
        &self.dealers[place]
    }

    fn is_marked_duplicate(&self, slot: u64) -> bool {
        // Some hit another duplicate and stand for themselves, so a little more than the share has to be marked.
        let share = self.config.duplicate_share;
        let marked = if share < 0.25 {
            (1.0 - (1.0 - 4.0 * share).sqrt()) / 2.0
        } else {
            0.5
        };
        Rng::new(self.seed, Domain::Slot, slot).unit() < marked
    }

    /// The number of the entity a slot is about.
    fn entity_of(&self, slot: u64, dealer: u64) -> u64 {
        if !self.is_marked_duplicate(slot) {
            return slot;
        }
        let mut rng = Rng::new(self.seed, Domain::Slot, slot | 1 << 63);
        let (first, end) = cluster_of(dealer, self.dealers.len() as u64);
        let other = if rng.permille(300) {
            dealer
        } else {
            first + rng.below((end - first) as usize) as u64
        };
        let (from, to) = self.dealers[other as usize].slots;
        if from == to {
            return slot;
        }
        let target = from + rng.below((to - from) as usize) as u64;
        if self.is_marked_duplicate(target) {
            slot
        } else {
            target
        }
    }

    /// The owner before, for some.
    fn previous_owner(&self, entity: u64) -> Option<u64> {
        let mut rng = Rng::new(self.seed, Domain::Vehicle, entity | 1 << 63);
        let earlier = rng
            .permille(USED_PERMILLE)
            .then(|| rng.below(entity.max(1) as usize) as u64)?;
        (earlier != entity && !self.is_marked_duplicate(earlier)).then_some(earlier)
    }
}

/// The rows of one dealer in order.
pub struct DealerRows<'g> {
    generator: &'g Generator,
    dealer: &'g Dealer,
    number: u64,
    next_slot: u64,
    vehicles: Quota,
    visits: Quota,
    complaints: Quota,
    rng: Rng,
    entity: Entity,
    cars: Vec<Vehicle>,
    source_key: String,
    orders: u64,
    complaints_made: u64,
}

impl DealerRows<'_> {
    /// Fills the next row and what hangs on it, using the memory of the last; false at the end.
    pub fn next_into(&mut self, bundle: &mut Bundle) -> bool {
        let (first, end) = self.dealer.slots;
        if self.next_slot == end {
            return false;
        }
        let slot = self.next_slot;
        self.next_slot += 1;
        let generator = self.generator;
        bundle.entity = generator.entity_of(slot, self.number);
        bundle.is_first_of_entity = bundle.entity == slot;
        let home = generator.dealer_of(bundle.entity).city;
        self.entity
            .fill(generator.seed, bundle.entity, &REGIONS.cities[home]);
        self.draw_cars(bundle.entity, home);
        self.source_key.clear();
        push_source_key(self.dealer, slot - first, &mut self.source_key);
        let mut rng = Rng::new(generator.seed, Domain::Record, slot);
        let is_service = slot != bundle.entity || rng.permille(350);
        Entry {
            config: &generator.config,
            dealer: self.dealer,
            entity: &self.entity,
            vehicle: self.cars.first(),
            source_key: &self.source_key,
            place: slot - first,
            is_service,
        }
        .write(&mut rng, &mut bundle.customer, &mut bundle.dirt);
        self.write_vehicles(is_service, bundle);
        self.write_visits(slot, bundle);
        self.write_complaints(slot, bundle);
        true
    }

    /// How many cars of the entity this dealer knows, and which.
    fn draw_cars(&mut self, entity: u64, home: usize) {
        let generator = self.generator;
        let factor = if self.entity.is_organisation {
            4.0
        } else {
            0.73
        };
        let count = self.vehicles.take(&mut self.rng, factor);
        self.cars.clear();
        for index in 0..count {
            let previous = if index == 0 {
                generator.previous_owner(entity)
            } else {
                None
            };
            let city = &REGIONS.cities[home];
            // Beyond what one owner can have, the numbers go on in a range of their own.
            let (owner, index) = (entity + index / MAX_CARS * (1 << 24), index % MAX_CARS);
            self.cars.push(Vehicle::of(
                generator.seed,
                owner,
                index,
                previous,
                city,
                generator.config.as_of,
            ));
        }
    }

    fn write_vehicles(&mut self, is_service: bool, bundle: &mut Bundle) {
        bundle.vehicles.clear();
        let selling = if is_service {
            ""
        } else {
            self.dealer.code.as_str()
        };
        for car in &self.cars {
            car.write(
                &self.source_key,
                selling,
                self.generator.config.as_of,
                bundle.vehicles.push(),
            );
        }
    }

    fn write_visits(&mut self, slot: u64, bundle: &mut Bundle) {
        let mut rng = Rng::new(self.generator.seed, Domain::Visits, slot);
        bundle.visits.clear();
        bundle.has_fake_mileage =
            self.dealer.falsifies.contains(&Falsification::FakeMileage) && rng.permille(350);
        for vehicle in &self.cars {
            let count = self.visits.take(&mut self.rng, 1.0);
            let stay = Stay {
                dealer: self.dealer,
                vehicle,
                customer_key: &self.source_key,
                as_of: self.generator.config.as_of,
                has_fake_mileage: bundle.has_fake_mileage,
            };
            stay.write(count, &mut self.orders, &mut rng, &mut bundle.visits);
        }
    }

    fn write_complaints(&mut self, slot: u64, bundle: &mut Bundle) {
        let mut rng = Rng::new(self.generator.seed, Domain::Complaints, slot);
        bundle.complaints.clear();
        let count = self.complaints.take(&mut self.rng, 1.0);
        let (vehicle, as_of) = (self.cars.first(), self.generator.config.as_of);
        let made = &mut self.complaints_made;
        write_complaints(
            count,
            &self.source_key,
            vehicle,
            as_of,
            made,
            &mut rng,
            &mut bundle.complaints,
        );
    }
}

impl Iterator for DealerRows<'_> {
    type Item = Bundle;

    fn next(&mut self) -> Option<Bundle> {
        let mut bundle = Bundle::default();
        self.next_into(&mut bundle).then_some(bundle)
    }
}

/// Appends the key of a dealer's customer by his place.
pub(crate) fn push_source_key(dealer: &Dealer, place: u64, into: &mut String) {
    into.push_str(&dealer.code);
    into.push('C');
    push_digits(place + 1, 7, into);
}
