//! One test function, both databases.

/// Runs a test's future on a runtime of two threads, as services have them.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    // What a test asks of a store by itself it asks as the system; calls of its callers have walls of their own.
    let work = as_system(work);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built")
        .block_on(work)
}

/// Background work of a service under test, as the process that runs it starts it.
pub fn as_system<F: Future>(work: F) -> impl Future<Output = F::Output> {
    marque_db::behind(marque_db::Wall::Everything, work)
}

/// Makes of each `async fn name(db: TestDb)` the tests `sqlite::name` and `postgres::name`. Once a module.
#[macro_export]
macro_rules! store_test_suite {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {$(
            #[test]
            fn $test() {
                $crate::block_on(super::$test($crate::TestDb::sqlite()));
            }
        )+}
        mod postgres {$(
            #[test]
            fn $test() {
                if let Some(db) = $crate::TestDb::postgres() {
                    $crate::block_on(super::$test(db));
                }
            }
        )+}
    };
}
