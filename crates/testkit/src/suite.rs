//! One test function, both databases.

/// Runs a test's future on a runtime of two threads, as services have them.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built")
        .block_on(work)
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
