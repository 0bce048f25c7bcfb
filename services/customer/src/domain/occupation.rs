//! Groups of occupations: what a dealer's clerk typed, as one of a few codes that say nothing of the person alone.

/// Code and the words by which it is known, the more telling groups first.
const GROUPS: [(&str, &[&str]); 14] = [
    (
        "driver",
        &[
            "出租",
            "网约车",
            "滴滴",
            "司机",
            "驾驶员",
            "代驾",
            "taxi",
            "driver",
        ],
    ),
    (
        "logistics",
        &[
            "物流",
            "快递",
            "货运",
            "运输",
            "外卖",
            "logistics",
            "courier",
        ],
    ),
    ("sales", &["销售", "业务员", "推销", "中介", "sales"]),
    (
        "teacher",
        &["教师", "老师", "教授", "教育", "讲师", "teacher"],
    ),
    (
        "medical",
        &["医生", "医师", "护士", "医护", "药师", "doctor", "nurse"],
    ),
    (
        "civil_servant",
        &["公务员", "事业单位", "警察", "军人", "干部", "civil"],
    ),
    (
        "engineer",
        &["工程师", "程序员", "技术员", "研发", "设计师", "engineer"],
    ),
    (
        "finance",
        &["金融", "银行", "会计", "财务", "保险", "律师", "finance"],
    ),
    (
        "self_employed",
        &["个体", "自由职业", "老板", "私营", "企业主", "商人", "self"],
    ),
    (
        "manager",
        &["经理", "主管", "总监", "管理", "高管", "manager"],
    ),
    (
        "worker",
        &["工人", "职工", "员工", "职员", "文员", "技工", "worker"],
    ),
    ("farmer", &["农民", "务农", "养殖", "种植", "farmer"]),
    ("retired", &["退休", "离休", "retired"]),
    ("student", &["学生", "student"]),
];

/// The group of an occupation as typed; `other` for one of no group.
pub(crate) fn occupation_group(typed: &str) -> &'static str {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return "";
    }
    GROUPS
        .iter()
        .find(|(_, words)| words.iter().any(|word| typed.contains(word)))
        .map_or("other", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clerks_type_falls_into_few_groups() {
        for (typed, group) in [
            ("出租车司机", "driver"),
            (" Teacher ", "teacher"),
            ("私营企业主", "self_employed"),
            ("宇航员", "other"),
            ("", ""),
        ] {
            assert_eq!(occupation_group(typed), group, "{typed}");
        }
    }
}
