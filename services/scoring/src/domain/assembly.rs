//! Which assembly of the three-guarantees rules a part belongs to, by the name on the repair order.

use marque_insight::law::guarantees::Assembly;

/// Words in part names, the more telling first; true where the word is the whole assembly.
///
/// The rules count main parts of these assemblies alone; a part that no word fits is worn or small and is not counted.
const WORDS: [(&str, Assembly, bool); 47] = [
    ("发动机总成", Assembly::Engine, true),
    ("变速器总成", Assembly::Gearbox, true),
    ("变速箱总成", Assembly::Gearbox, true),
    ("动力电池总成", Assembly::TractionBattery, true),
    ("动力蓄电池总成", Assembly::TractionBattery, true),
    ("驱动电机总成", Assembly::DriveMotor, true),
    ("engine assembly", Assembly::Engine, true),
    ("gearbox assembly", Assembly::Gearbox, true),
    ("transmission assembly", Assembly::Gearbox, true),
    ("traction battery assembly", Assembly::TractionBattery, true),
    ("drive motor assembly", Assembly::DriveMotor, true),
    ("转向", Assembly::Steering, false),
    ("方向机", Assembly::Steering, false),
    ("steering", Assembly::Steering, false),
    ("制动主缸", Assembly::Brakes, false),
    ("制动总泵", Assembly::Brakes, false),
    ("制动助力", Assembly::Brakes, false),
    ("制动轮缸", Assembly::Brakes, false),
    ("制动卡钳", Assembly::Brakes, false),
    ("abs泵", Assembly::Brakes, false),
    ("brake master", Assembly::Brakes, false),
    ("brake caliper", Assembly::Brakes, false),
    ("brake booster", Assembly::Brakes, false),
    ("悬架", Assembly::Suspension, false),
    ("悬挂", Assembly::Suspension, false),
    ("控制臂", Assembly::Suspension, false),
    ("suspension", Assembly::Suspension, false),
    ("control arm", Assembly::Suspension, false),
    ("传动轴", Assembly::Driveline, false),
    ("半轴", Assembly::Driveline, false),
    ("差速器", Assembly::Driveline, false),
    ("driveshaft", Assembly::Driveline, false),
    ("三元催化", Assembly::EmissionControl, false),
    ("催化转化", Assembly::EmissionControl, false),
    ("颗粒捕集", Assembly::EmissionControl, false),
    ("catalytic", Assembly::EmissionControl, false),
    ("车身骨架", Assembly::Body, false),
    ("纵梁", Assembly::Body, false),
    ("驱动电机", Assembly::DriveMotor, false),
    ("动力电池", Assembly::TractionBattery, false),
    ("电池模组", Assembly::TractionBattery, false),
    ("变速", Assembly::Gearbox, false),
    ("气缸", Assembly::Engine, false),
    ("缸体", Assembly::Engine, false),
    ("缸盖", Assembly::Engine, false),
    ("曲轴", Assembly::Engine, false),
    ("凸轮轴", Assembly::Engine, false),
];

/// The assembly of a part's name, and whether it is the whole assembly.
pub(crate) fn assembly_of(name: &str) -> Option<(Assembly, bool)> {
    let name = name.to_lowercase();
    let found = WORDS.iter().find(|(word, ..)| name.contains(word))?;
    Some((found.1, found.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        for (name, expected) in [
            ("发动机总成（2.0T）", Some((Assembly::Engine, true))),
            ("电动助力转向机", Some((Assembly::Steering, false))),
            ("变速箱阀体", Some((Assembly::Gearbox, false))),
            ("Brake Caliper LH", Some((Assembly::Brakes, false))),
            ("机油滤清器", None),
            ("刹车片", None),
        ] {
            assert_eq!(assembly_of(name), expected, "{name}");
        }
    }
}
