"""The invented help centre of Kestrel & Pine: what the RAG workflow retrieves from."""

HELP_CENTRE: dict[str, str] = {
    "kb/returns-window": "Returns. Unused goods can be returned within 60 days of delivery. Sale items can be returned "
    "within 30 days. Hygiene items (sleeping-bag liners, water filters) cannot be returned once opened.",
    "kb/returns-cost": "Return labels are free in the EU and the UK. In the US a label costs $7.50, taken off the "
    "refund. Bulky goods (kayaks, roof boxes) are collected by appointment for 29 EUR.",
    "kb/refund-time": "Refunds are made to the original payment method within 5 working days after the return has been "
    "inspected. Gift-card payments are refunded as gift card.",
    "kb/warranty-tents": "Tents carry a 5-year warranty on seams and poles. UV damage after more than 12 weeks of "
    "continuous pitching is not covered. Proof of purchase is the order number.",
    "kb/warranty-packs": "Backpacks carry a lifetime repair promise: zips, buckles and straps are repaired free of "
    "charge for the first owner. Fabric worn through by use is repaired at cost.",
    "kb/shipping-eu": "EU shipping: standard 3-5 working days, 4.90 EUR, free from 75 EUR. Express 1-2 working days, "
    "12.90 EUR. Islands add 2 days.",
    "kb/shipping-uk": "UK shipping: standard 4-6 working days, 4.50 GBP, free from 80 GBP. Import VAT is included for "
    "orders up to 135 GBP; above that the carrier collects it on delivery.",
    "kb/shipping-us": "US shipping: ground 5-8 working days, free from $90. No deliveries to PO boxes for orders that "
    "hold fuel or knives.",
    "kb/gas-cartridges": "Gas cartridges are sent by ground transport only and never by express. They cannot be sent "
    "to islands or to lockers.",
    "kb/gift-cards": "Gift cards are valid for 3 years from the date of purchase. They cannot be exchanged for cash "
    "and can be combined with at most one voucher.",
    "kb/loyalty": "Summit members collect one point per euro. 500 points are a 10 EUR voucher. Points expire 24 months "
    "after they were collected. Points are not given for gift cards.",
    "kb/sizing-boots": "Boots: measure in the evening, with the socks that you hike in, and add 1 cm to the length of "
    "the longer foot. Between sizes, take the larger.",
    "kb/down-care": "Wash down jackets at 30 degrees with down detergent, no softener. Dry in a tumble dryer at low "
    "heat with two tennis balls until no clumps are left, about three hours.",
    "kb/waterproofing": "Re-proof shell jackets after every fifth wash: wash, spray on while damp, dry warm for 20 "
    "minutes. Fluorocarbon-free since 2024.",
    "kb/stove-altitude": "The Ember 2 stove is tested up to 3,500 m. Above that, and below -10 degrees, use winter gas "
    "and the preheating loop.",
    "kb/price-match": "We match a lower price of an authorised EU dealer within 14 days of the purchase. Marketplaces, "
    "auctions and bundle offers are excluded.",
    "kb/repairs": "Repairs take 2 to 3 weeks after arrival in our workshop. Send goods clean and dry; we wash dirty "
    "goods for 15 EUR.",
    "kb/rental": "Rental tents and sleeping bags are picked up in the shops only. A deposit of 100 EUR is blocked on "
    "the card and released within 3 days after return.",
}

SYSTEM_PROMPT = (
    "Answer the question from the help-centre passages only, in at most three sentences. Name the passages that you "
    "used. If they do not hold the answer, say so."
)
