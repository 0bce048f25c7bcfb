//! The canonical columns of each kind of file, and the headers under which dealers' programs write them.

use crate::header::{comparable, comparable_characters, without_remarks};

/// One canonical column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Canonical name, as in the API.
    pub name: &'static str,
    /// Whether a file without it is refused.
    pub is_required: bool,
    /// Whether its value may be a JSON object or array.
    pub is_json: bool,
    /// Whether it is money, which NDJSON may write as an amount with its currency.
    pub is_money: bool,
    /// Other headers it is known by, the most telling first, with `|` between; compared without case,
    /// blanks, joining marks and width. A new one goes to the end: before others it would give the rows of files that have
    /// both another key than they came with before.
    aliases: &'static str,
}

impl Column {
    const fn money(self) -> Self {
        Self {
            is_money: true,
            ..self
        }
    }

    /// Other headers the column is known by, the most telling first.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        self.aliases.split('|')
    }

    /// Whether a header is one of its names, remarks in brackets, case, width and joining marks aside.
    pub fn is_called(&self, header: &str) -> bool {
        let header = comparable(&without_remarks(header));
        let mut names = std::iter::once(self.name).chain(self.aliases());
        names.any(|name| comparable_characters(name).eq(header.chars()))
    }
}

/// The columns of one kind of file.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// Name of the kind, as in `?kind=`.
    pub kind: &'static str,
    /// Its columns in canonical order.
    pub columns: &'static [Column],
}

impl Schema {
    /// The schema of a kind.
    pub fn of(kind: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|schema| schema.kind == kind)
    }

    /// Place of a canonical column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The schemas of all kinds.
pub static ALL: [&Schema; 8] = [
    &CUSTOMERS,
    &VEHICLES,
    &VISITS,
    &COMPLAINTS,
    &VERIFICATIONS,
    &PURCHASES,
    &PAYMENTS,
    &ASSESSMENTS,
];

const fn column(name: &'static str, aliases: &'static str) -> Column {
    Column {
        name,
        is_required: false,
        is_json: false,
        is_money: false,
        aliases,
    }
}

const fn required(name: &'static str, aliases: &'static str) -> Column {
    Column {
        name,
        is_required: true,
        is_json: false,
        is_money: false,
        aliases,
    }
}

const fn json(name: &'static str, aliases: &'static str) -> Column {
    Column {
        name,
        is_required: false,
        is_json: true,
        is_money: false,
        aliases,
    }
}

const VIN: &str = "车架号|VIN码|VIN号|车辆识别代号|车辆识别码|车架号码|底盘号|chassis|chassis_no|\
             vin_no|frame_no|\
             车辆识别代码|车辆识别号|车辆识别号码|车架号/VIN|VIN/车架号|VIN编码|车辆VIN码|车辆VIN|车辆车架号|\
             vin_code|vin_number|vehicle_vin|vehicle_identification_number|chassis_number|frame_number";
const PLATE: &str = "车牌号|车牌|车牌号码|牌照号|牌照|号牌号码|号牌|plate_no|plate_number|license_plate|\
             licence_plate|car_no|\
             车牌照|车牌照号|车牌照号码|机动车号牌|车辆牌照|车辆号牌|车辆车牌号|plate_num|number_plate|\
             license_plate_number|licence_plate_number|license_plate_no|vehicle_plate";
const CUSTOMER_KEY: &str = "客户编号|客户号|客户代码|客户ID|客户编码|会员号|车主编号|customer_id|customer_no|\
             cust_id|customer_code|客户档案号|会员编号|会员卡号|会员代码|顾客编号|member_no|member_id|\
             客户档案编号|顾客编码|顾客代码|车主代码|车主ID|送修人编号|customer_number|cust_no|client_id|\
             client_no";
const DEALER: &str = "经销商代码|经销商编号|经销商|店代码|网点代码|专营店代码|4S店|dealer_id|dealer_code|\
             store_id|store_code|\
             经销商编码|门店代码|门店编号|门店编码|dealer_no|dealer_number";
const WITHDRAWN: &str = "作废|已作废|是否作废|作废标志|撤回|是否撤回|已取消|是否取消|void|voided|is_void|\
             cancelled|canceled|is_cancelled|retracted";
const CLERK: &str = "录入人|录入员|建档人|经办人|操作员|登记人|创建人|entered_by|created_by|operator|\
             录入人员|建档人员|经办员|销售顾问|服务顾问|sales_consultant|sales_advisor";
const OPENED: &str = "进厂时间|进店时间|开单时间|开单日期|入厂时间|来店时间|进厂日期|进店日期|接车时间|\
             维修日期|工单日期|in_time|open_time|opened|visit_date|service_date|created_at|\
             接车日期|送修时间|送修日期|来厂时间|来厂日期|来店日期|入厂日期|报修时间|报修日期|接待时间|接待日期|\
             建单时间|建单日期|check_in_time|check_in_date|arrival_time|arrival_date|arrived_at|open_date|\
             opened_on|date_in|ro_date|order_date|repair_date";
const CLOSED: &str = "出厂时间|结算时间|结算日期|完工时间|交车时间|离店时间|出厂日期|完工日期|out_time|\
             close_time|closed|settled_at|finished_at|\
             交车日期|离店日期|离厂时间|离厂日期|竣工时间|竣工日期|结单时间|结单日期|提车时间|提车日期|\
             check_out_time|check_out_date|departure_time|close_date|closed_date|closed_on|completed_at|\
             completion_date|completion_time|date_out|settlement_date|settlement_time|delivery_date|delivered_at";

/// Customers: people and organisations as the dealer wrote them.
pub static CUSTOMERS: Schema = Schema {
    kind: "customers",
    columns: &[
        required(
            "source_key",
            "客户编号|客户号|客户代码|客户ID|客户编码|档案号|会员号|车主编号|编号|记录编号|序号|\
             rec_id|record_id|customer_id|customer_no|cust_id|customer_key|customer_code|key|id|\
             客户档案号|会员编号|会员卡号|会员代码|顾客编号|member_no|member_id|\
             源记录号|客户档案编号|档案编号|顾客编码|顾客代码|车主代码|车主ID|customer_number|cust_no|client_id|\
             client_no",
        ),
        column(
            "kind",
            "客户类型|客户类别|客户性质|车主类型|车主性质|个人/单位|ctype|customer_type|\
             cust_type|type|\
             类型|client_type|客户属性",
        ),
        required(
            "name",
            "姓名|客户名称|客户姓名|车主|车主姓名|车主名称|名称|单位名称|客户|名字|customer_name|\
             cust_name|full_name|owner_name|owner|\
             公司名称|企业名称|顾客姓名|顾客名称|会员姓名|client_name",
        ),
        column(
            "id_number",
            "身份证号|身份证号码|身份证|证件号码|证件号|证件编号|居民身份证号|id_no|idno|id_card|\
             id_card_no|identity_no|cert_no|certificate_no|\
             身份证件号码|身份证件号|客户身份证|客户身份证号|客户身份证号码|客户证件号|客户证件号码|车主身份证|\
             车主身份证号|车主身份证号码|车主证件号|车主证件号码|有效证件号码|id_card_number|identity_card|\
             identity_card_no|identity_card_number|identity_number|national_id|national_id_number",
        ),
        column(
            "credit_code",
            "统一社会信用代码|社会信用代码|信用代码|营业执照号|组织机构代码|税号|纳税人识别号|\
             uscc|unified_social_credit_code|social_credit_code|tax_no|\
             统一信用代码|社会统一信用代码|统一社会信用码|营业执照号码|税务登记号|tax_id|tax_number|\
             unified_credit_code|business_licence_no|business_license_no",
        ),
        column(
            "phone",
            "手机|手机号|手机号码|移动电话|联系电话|联系方式|联系手机|客户电话|车主电话|电话|\
             电话号码|mobile|mobile_no|mobile_phone|phone_no|phone_number|cell|cellphone|tel|\
             telephone|contact_phone|\
             客户手机|客户手机号|客户手机号码|客户联系电话|客户联系方式|客户移动电话|车主手机|车主手机号|\
             车主手机号码|车主联系电话|车主联系方式|手机1|手机号1|手机号码1|电话1|联系电话1|联系方式1|移动电话1|\
             主要电话|常用电话|本人电话|本人手机|移动电话号码|联系电话号码|mobile_number|mobile_phone_no|\
             mobile_phone_number|contact_number|contact_no|contact_phone_number|cell_number|tel_no|telephone_no|\
             telephone_number|phone1|mobile1|tel1|primary_phone|main_phone|customer_phone|customer_mobile|\
             owner_phone|owner_mobile",
        ),
        column(
            "phone2",
            "手机2|电话2|联系电话2|备用电话|第二电话|其他电话|固定电话|固话|座机|家庭电话|\
             单位电话|办公电话|联系人电话|mobile2|tel2|alt_phone|other_phone|landline|home_phone|\
             office_phone|\
             手机号2|手机号码2|移动电话2|联系方式2|备用手机|备用手机号|备用手机号码|备用号码|备用联系电话|\
             备用联系方式|第二联系电话|第二手机|住宅电话|宅电|公司电话|固定电话号码|secondary_phone|second_phone|\
             alternate_phone|alternative_phone|alternate_number|other_mobile|work_phone|business_phone|home_tel|\
             office_tel",
        ),
        column(
            "email",
            "邮箱|电子邮箱|电子邮件|邮件|e-mail|mail|email_address|\
             邮箱地址|电子邮箱地址|电子邮件地址|客户邮箱|customer_email",
        ),
        column(
            "wechat",
            "微信|微信号|微信账号|weixin|wechat_id|wx|\
             客户微信|客户微信号|微信ID|wechat_no|wechat_account",
        ),
        column("gender", "性别|sex|称谓|客户性别|车主性别|customer_gender"),
        column(
            "birthday",
            "出生日期|生日|出生年月|出生年月日|birth_date|date_of_birth|dob|birth|\
             客户生日|客户出生日期|车主生日|车主出生日期|customer_birthday",
        ),
        column(
            "address",
            "地址|联系地址|通讯地址|通信地址|住址|家庭住址|家庭地址|详细地址|单位地址|居住地址|\
             addr|home_address|street_address|\
             客户地址|客户联系地址|客户住址|车主地址|车主住址|现住址|现住地址|联系住址|customer_address|\
             contact_address|mailing_address|residential_address|postal_address|full_address",
        ),
        column(
            "region_code",
            "行政区划代码|区划代码|地区代码|行政区划|区域代码|area_code|division_code|adcode|\
             行政区代码|行政区划编码",
        ),
        column(
            "occupation",
            "职业|工作|职位|职务|job|profession|job_title|客户职业",
        ),
        column(
            "industry",
            "行业|所属行业|从事行业|单位行业|sector|客户行业",
        ),
        column(
            "income_band",
            "收入|收入区间|年收入|月收入|家庭收入|家庭年收入|收入水平|income|annual_income",
        ),
        column("hobbies", "爱好|兴趣|兴趣爱好|个人爱好|hobby|interests"),
        column(
            "explicit_requests",
            "明确要求|客户要求|客户需求|要求|需求|requests|request|特别要求",
        ),
        column(
            "special_needs",
            "特殊需求|特殊要求|特别需求|特殊关怀|special_requests|special_requirements|特殊需要",
        ),
        column(
            "acquisition_channel",
            "来源渠道|客户来源|获客渠道|信息来源|渠道|来店渠道|线索来源|channel|lead_source|\
             acquisition|\
             来源|客户渠道|获客来源|来源方式|customer_source|source_channel",
        ),
        column(
            "referrer_key",
            "介绍人编号|推荐人编号|转介绍人编号|介绍人|推荐人|转介绍人|referrer|referrer_id|\
             referred_by",
        ),
        column(
            "contact_name",
            "联系人|联系人姓名|单位联系人|送修人|contact|contact_person|\
             联系人名称|contact_person_name",
        ),
        column("plate", PLATE),
        column("vin", VIN),
        column("clerk", CLERK),
        column(
            "recorded_at",
            "建档日期|建档时间|录入时间|录入日期|登记日期|登记时间|创建时间|创建日期|购车日期|\
             created_at|create_time|created|entry_date|entered_at|record_date|\
             created_on|created_date|create_date|date_created|creation_date|creation_time",
        ),
        column("dealer", DEALER),
    ],
};

/// Vehicles by VIN.
pub static VEHICLES: Schema = Schema {
    kind: "vehicles",
    columns: &[
        required("vin", VIN),
        column("plate", PLATE),
        column(
            "brand",
            "品牌|车辆品牌|厂牌|make|marque|品牌名称|汽车品牌|car_brand|vehicle_brand|brand_name",
        ),
        column(
            "series",
            "车系|系列|车型系列|car_series|line|车系名称|vehicle_series|series_name",
        ),
        column(
            "model",
            "车型|型号|车辆型号|车款|款式|car_model|model_name|trim|车型名称|车辆车型|vehicle_model",
        ),
        column(
            "model_year",
            "年款|车型年份|年型|年份|year|车型年|车型年款|vehicle_model_year",
        ),
        column(
            "color",
            "颜色|车身颜色|外观颜色|车色|colour|body_color|\
             车辆颜色|外观色|外饰颜色|颜色名称|car_color|car_colour|vehicle_color|vehicle_colour|body_colour|\
             exterior_color|exterior_colour",
        ),
        column(
            "energy_type",
            "能源类型|燃料类型|燃料种类|动力类型|能源|燃料|fuel|fuel_type|power_type|\
             能源种类|能源类别|燃油类型|燃油种类|energy",
        ),
        column(
            "sale_date",
            "销售日期|购车日期|售车日期|交车日期|开票日期|购买日期|sold_at|sold_date|\
             purchase_date|delivery_date|invoice_date|\
             销售时间|售车时间|购车时间|购买时间|交车时间|开票时间|sales_date|date_of_sale|sold_on|\
             date_of_purchase|purchased_at|purchased_on",
        ),
        column(
            "selling_dealer",
            "销售店|销售经销商|售车经销商|购车店|销售网点|销售门店|sold_by|sales_dealer|\
             selling_store|\
             售出经销商|购车经销商|购车门店|selling_dealer_code",
        ),
        column(
            "owner_key",
            "车主编号|客户编号|客户号|车主代码|客户ID|客户代码|owner_id|owner|customer_key|\
             customer_id|cust_id|\
             客户编码|客户档案号|顾客编号|会员编号|会员号|车主ID|customer_no|customer_code|customer_number|\
             owner_no|owner_code|owner_number|member_no|member_id",
        ),
        column(
            "insurance_expiry",
            "保险到期日|保险到期日期|保险到期|交强险到期日|交强险到期|保险止期|insurance_end|\
             insurance_due|insurance_expires|\
             交强险到期日期|交强险止期|保险截止日期|保险终止日期|保险结束日期|保单到期日|保单到期日期|\
             insurance_expiry_date|insurance_end_date|insurance_expiration|insurance_expiration_date|\
             insurance_due_date|policy_expiry|商业险到期日|商业险到期日期|商业险到期|商业险止期",
        ),
        column(
            "inspection_due",
            "年检到期日|年检到期|年检日期|年审到期日|年审日期|检验有效期止|检验有效期|\
             inspection_expiry|inspection_date|annual_inspection|\
             年检到期日期|年审到期|年审到期日期|检验到期日|检验到期日期|检验有效期至|年检有效期|年检有效期至|\
             inspection_due_date|inspection_expiry_date",
        ),
        column(
            "warranty_end",
            "质保到期日|质保到期|保修到期日|保修到期|三包到期|质保截止日期|warranty_expiry|\
             warranty_until|warranty_expires|\
             质保到期日期|质保截止日|保修到期日期|保修截止日期|三包到期日|三包到期日期|三包截止日期|\
             warranty_end_date|warranty_expiry_date|warranty_expiration",
        ),
        column("dealer", DEALER),
    ],
};

/// Visits to the workshop.
pub static VISITS: Schema = Schema {
    kind: "visits",
    columns: &[
        required(
            "order_number",
            "工单号|工单编号|维修单号|委托书号|委托书编号|结算单号|施工单号|派工单号|单号|订单号|\
             ro_no|ro_number|repair_order|order_no|work_order|work_order_no|job_no|\
             工单编码|工单号码|维修工单号|维修工单编号|维修单编号|维修编号|RO号|RO单号|委托单号|\
             维修委托书号|ro|ro_id|\
             工单|委托单编号|结算单编号|派工单编号|施工单编号|服务单号|repair_order_no|repair_order_number|\
             work_order_number|job_number|job_card_no|ro_num|order_id",
        ),
        required("vin", VIN),
        column("customer_key", CUSTOMER_KEY),
        column(
            "kind",
            "维修类型|维修类别|服务类型|工单类型|业务类型|进厂类型|修理类型|service_type|\
             order_type|visit_type|repair_type|type|\
             来店类型|进店类型|维修种类|工单类别|业务类别|服务类别|job_type|ro_type",
        ),
        column("opened_at", OPENED),
        column("closed_at", CLOSED),
        column(
            "odometer_km",
            "里程|行驶里程|进厂里程|里程数|公里数|里程表读数|行驶公里|表显里程|mileage|odometer|\
             km|mileage_km|\
             入厂里程|进店里程|来店里程|接车里程|送修里程|当前里程|车辆里程|行驶里程数|进厂里程数|进厂公里数|\
             里程表|里程表数|mileage_in|in_mileage|current_mileage|odometer_reading|odo|kilometers|kilometres",
        ),
        column(
            "adviser",
            "服务顾问|接车人|接待员|接待|服务顾问姓名|SA|advisor|service_advisor|service_adviser|\
             业务接待|服务接待|前台接待|接待人|接待人员|接车员|service_consultant",
        ),
        column(
            "complaint_text",
            "故障描述|客户描述|客户陈述|车主描述|客户主诉|报修内容|故障现象|customer_complaint|\
             complaint|concern|symptom|\
             客户反映|报修描述|故障现象描述|customer_statement|fault_description|problem_description",
        ),
        column(
            "diagnosis",
            "诊断|诊断结果|检测结果|故障原因|cause|finding|findings|\
             检查结果|诊断结论|故障诊断|diagnosis_result|root_cause",
        ),
        column(
            "amount",
            "金额|结算金额|总金额|实收金额|应收金额|合计|费用|维修金额|total|total_amount|amount_cny|\
             总费用|总计|费用合计|费用总计|合计金额|合计费用|维修费用|维修总金额|维修总费用|结算总额|\
             实付金额|消费金额|工单金额|total_cost|total_fee|order_amount|bill_amount|invoice_amount|\
             grand_total",
        )
        .money(),
        json(
            "lines",
            "明细|项目明细|维修明细|工单明细|items|details|jobs",
        ),
        column(
            "line_kind",
            "明细类型|项目类型|行类型|item_type|line_type|明细类别|项目类别|line_item_type",
        ),
        column(
            "code",
            "项目代码|配件编号|备件号|零件号|工时代码|配件代码|项目编号|part_no|part_number|\
             labour_code|labor_code|item_code|\
             配件号|明细代码|零件编号|零件代码|备件编号|备件代码|项目编码|配件编码|工时编号|工时编码|\
             物料编码|part_code|part_num|item_no|item_number|line_code|operation_code|op_code",
        ),
        column(
            "name",
            "项目名称|配件名称|备件名称|零件名称|工时名称|part_name|item_name|description|item|\
             维修项目|维修项目名称|明细名称|物料名称|line_name|line_description|item_description|\
             part_description",
        ),
        column(
            "quantity",
            "数量|工时|工时数|件数|qty|hours|count|配件数量|用量|labour_hours|labor_hours",
        ),
        column("unit_price", "单价|工时单价|配件单价|price_each|unit_cost|零件单价|销售单价|price").money(),
        column(
            "technician",
            "技师|维修技师|主修|主修人|维修工|施工技师|tech|mechanic|\
             维修人员|主修技师|责任技师|technician_name|technician_code",
        ),
        column("dealer", DEALER),
    ],
};

/// Complaints as taken down at the dealer.
pub static COMPLAINTS: Schema = Schema {
    kind: "complaints",
    columns: &[
        required(
            "complaint_key",
            "投诉编号|投诉单号|投诉号|编号|单号|complaint_id|complaint_no|case_no|case_id|ticket|\
             id|\
             工单号|工单编号|投诉工单号|投诉流水号|complaint_number|case_number|ticket_no|ticket_id|ticket_number",
        ),
        column("customer_key", CUSTOMER_KEY),
        column("vin", VIN),
        column(
            "opened_at",
            "投诉时间|投诉日期|受理时间|受理日期|登记时间|登记日期|开单时间|opened|complained_at|\
             received_at|complaint_date|created_at|date|\
             投诉受理时间|来电时间|来电日期|complaint_time|reported_at|created|open_date",
        ),
        column(
            "channel",
            "投诉渠道|渠道|受理渠道|来源|投诉方式|投诉来源|source|origin",
        ),
        column(
            "category",
            "投诉类别|投诉类型|投诉分类|类别|分类|complaint_type|type|subject|complaint_category",
        ),
        column(
            "severity",
            "严重程度|等级|投诉等级|级别|紧急程度|level|priority|grade|投诉级别|严重等级",
        ),
        required(
            "text",
            "投诉内容|内容|投诉描述|描述|问题描述|详情|content|description|complaint|\
             complaint_text|detail|\
             投诉详情|问题内容|诉求|诉求内容|complaint_content|complaint_description|complaint_detail|\
             complaint_details|details",
        ),
        column(
            "department",
            "责任部门|部门|处理部门|被投诉部门|dept|responsible_department|\
             责任科室|承办部门|department_name",
        ),
        column(
            "state",
            "状态|投诉状态|处理状态|处理进度|工单状态|单据状态|status|case_status",
        ),
        column(
            "closed_at",
            "结案时间|结案日期|关闭时间|关闭日期|办结时间|办结日期|完成时间|完成日期|closed|closed_on|\
             close_date|closing_date|finished_at",
        ),
        column("dealer", DEALER),
    ],
};

/// Cars bought, as the dealer's sales program has them.
pub static PURCHASES: Schema = Schema {
    kind: "purchases",
    columns: &[
        required(
            "purchase_key",
            "订单编号|订单号|销售单号|合同号|合同编号|购车单号|编号|单号|order_id|order_no|order_number|\
             contract_no|purchase_id|id",
        ),
        required("customer_key", CUSTOMER_KEY),
        column("vin", VIN),
        column(
            "amount",
            "成交价|成交金额|购车金额|合同金额|开票金额|销售金额|金额|price|deal_price|total|\
             purchase_amount|\
             成交总价|总价|sale_price|deal_amount|contract_amount|total_price",
        )
        .money(),
        required(
            "date",
            "购车日期|成交日期|销售日期|签约日期|开票日期|交车日期|日期|purchase_date|sale_date|\
             order_date|signed_at|\
             购车时间|成交时间|销售时间|签约时间|开票时间|order_time|purchased_at|date_of_purchase",
        ),
        column("withdrawn", WITHDRAWN),
        column("dealer", DEALER),
    ],
};

/// Payments that fell or fall due, and when they were made.
pub static PAYMENTS: Schema = Schema {
    kind: "payments",
    columns: &[
        required(
            "payment_key",
            "付款编号|收款编号|收款单号|付款单号|回款编号|账单编号|应收编号|流水号|编号|单号|payment_id|\
             payment_no|receipt_no|invoice_no|bill_no|id",
        ),
        required("customer_key", CUSTOMER_KEY),
        required(
            "amount",
            "应收金额|应付金额|付款金额|收款金额|回款金额|账单金额|金额|due_amount|payment_amount|total",
        )
        .money(),
        required(
            "date",
            "应付日期|应收日期|到期日期|到期日|应还日期|账期|due_date|due|due_on|payable_on",
        ),
        column(
            "paid_date",
            "付款日期|收款日期|实付日期|实收日期|到账日期|回款日期|支付日期|paid_at|paid_on|\
             payment_date|received_on|\
             付款时间|收款时间|到账时间|支付时间|payment_time|paid_time",
        ),
        column("withdrawn", WITHDRAWN),
        column("dealer", DEALER),
    ],
};

/// What somebody says of a customer: his standing, his intentions, his answers to a survey.
pub static ASSESSMENTS: Schema = Schema {
    kind: "assessments",
    columns: &[
        required(
            "assessment_key",
            "评估编号|评价编号|测评编号|问卷编号|调查编号|记录编号|编号|assessment_id|survey_id|\
             record_id|id",
        ),
        required("customer_key", CUSTOMER_KEY),
        required(
            "subject",
            "评估项目|评价项目|评估项|评价项|项目|指标|评估内容|item|indicator|topic|what",
        ),
        column(
            "value",
            "评估值|评分|评估结果|评价结果|得分|分值|数值|结果|score|result|rating|level",
        ),
        required(
            "date",
            "评估日期|评价日期|评估时间|测评日期|调查日期|回访日期|日期|assessed_at|assessed_on|\
             assessment_date|survey_date|created_at",
        ),
        column(
            "valid_until",
            "有效期|有效期至|有效期止|有效截止日期|失效日期|expires_on|expires_at|valid_to|expiry",
        ),
        column("withdrawn", WITHDRAWN),
        column("dealer", DEALER),
    ],
};

/// Outcomes of call-backs and deliveries, by which a record's truth is checked.
pub static VERIFICATIONS: Schema = Schema {
    kind: "verifications",
    columns: &[
        required(
            "source_key",
            "客户编号|客户号|客户代码|客户ID|档案号|记录编号|customer_key|customer_id|rec_id|\
             record_id",
        ),
        column(
            "verification_key",
            "核实编号|回访编号|核查编号|任务编号|verification_id|call_id|task_id",
        ),
        column("field", "核实字段|字段|核实项|field_name"),
        required("outcome", "核实结果|回访结果|核查结果|结果|result|status"),
        column(
            "checked_at",
            "核实时间|核实日期|回访时间|回访日期|核查时间|verified_at|called_at|call_date|date",
        ),
        column("method", "核实方式|回访方式|方式|channel"),
        column(
            "checked_by",
            "核实人|回访人|回访员|坐席|agent|caller|verified_by",
        ),
        column(
            "corrected_value",
            "更正值|正确值|更正内容|correct_value|correction",
        ),
        column(
            "duration_s",
            "通话时长|通话时长(秒)|时长|call_seconds|duration",
        ),
        column("note", "备注|说明|notes|remark|comment"),
        column("dealer", DEALER),
    ],
};

/// Dealers of a network. Not a kind of import: `POST /v1/network` reads it.
pub static DEALERS: Schema = Schema {
    kind: "dealers",
    columns: &[
        required(
            "code",
            "经销商代码|经销商编号|经销商编码|店代码|网点代码|专营店代码|代码|编号|dealer_code|\
             dealer_id|store_code|store_id|dealer|id",
        ),
        required(
            "name",
            "经销商名称|店名|网点名称|专营店名称|名称|经销商|dealer_name|store_name|dealer",
        ),
        required("region", "大区|区域|片区|地区|所属大区|area|zone"),
        column(
            "group",
            "集团|投资集团|所属集团|经销商集团|dealer_group|group_name",
        ),
        column("departments", "部门|所设部门|department"),
        column(
            "phones",
            "电话|总机|总机电话|展厅电话|门店电话|联系电话|phone|tel|telephone|switchboard",
        ),
    ],
};

/// Staff of a network's dealers. Not a kind of import: `POST /v1/network` reads it.
pub static STAFF: Schema = Schema {
    kind: "staff",
    columns: &[
        required("dealer", DEALER),
        required(
            "code",
            "工号|员工编号|员工代码|员工号|人员编号|staff_code|staff_id|staff_no|employee_id|\
             employee_no|employee_code",
        ),
        required("name", "姓名|员工姓名|名字|staff_name|employee_name"),
        column("department", "部门|所属部门|dept"),
        column(
            "phone",
            "手机|手机号|手机号码|工作电话|办公电话|联系电话|电话|mobile|tel|business_phone",
        ),
        column("active", "在职|是否在职|在职状态|状态|status"),
    ],
};
