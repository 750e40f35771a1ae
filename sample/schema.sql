-- Database `lph` as the product declares it: six tables, their keys and what a delete does to the rows that refer to a row.
-- Rows changed by ON DELETE CASCADE and ON DELETE SET NULL write no binlog events; that is part of what the pipeline must cope with.
-- Statements end with a semicolon at the end of a line, and may be run again: nothing is dropped.

CREATE TABLE IF NOT EXISTS metric_groups (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  created_by VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY metric_groups_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS dimensions (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  created_by VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY dimensions_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS dimensions_metric_groups (
  dimension_id BIGINT UNSIGNED NOT NULL,
  metric_group_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (dimension_id, metric_group_id),
  KEY dimensions_metric_groups_group (metric_group_id),
  CONSTRAINT dimensions_metric_groups_dimension FOREIGN KEY (dimension_id) REFERENCES dimensions (id) ON DELETE CASCADE,
  CONSTRAINT dimensions_metric_groups_group FOREIGN KEY (metric_group_id) REFERENCES metric_groups (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS metrics (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  value_type ENUM('SCALAR','WEIGHTED_AVERAGE','HYBRID','PERCENTILE') NOT NULL,
  metric_group_id BIGINT UNSIGNED NOT NULL,
  chained_metric_id BIGINT UNSIGNED NULL,
  chain_cutoff_date DATETIME NULL,
  created_at DATETIME(6) NOT NULL,
  created_by VARCHAR(64) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY metrics_name (name),
  KEY metrics_group (metric_group_id),
  KEY metrics_chained (chained_metric_id),
  CONSTRAINT metrics_group FOREIGN KEY (metric_group_id) REFERENCES metric_groups (id),
  CONSTRAINT metrics_chained FOREIGN KEY (chained_metric_id) REFERENCES metrics (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS metric_versions (
  metric_id BIGINT UNSIGNED NOT NULL,
  version INT UNSIGNED NOT NULL,
  aggregation_style ENUM('SUM','LAST_DAY_OF_PERIOD','PERCENTILE') NOT NULL,
  aggregation_param DECIMAL(20,10) NULL,
  hybrid_formula TEXT NULL,
  created_at DATETIME(6) NOT NULL,
  created_by VARCHAR(64) NOT NULL,
  deprecated_at DATETIME(6) NULL,
  deprecated_by VARCHAR(64) NULL,
  deprecated_reason VARCHAR(1024) NULL,
  PRIMARY KEY (metric_id, version),
  CONSTRAINT metric_versions_metric FOREIGN KEY (metric_id) REFERENCES metrics (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS metric_relationships (
  consumed_metric_id BIGINT UNSIGNED NOT NULL,
  consumer_metric_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (consumed_metric_id, consumer_metric_id),
  KEY metric_relationships_consumer (consumer_metric_id),
  CONSTRAINT metric_relationships_consumed FOREIGN KEY (consumed_metric_id) REFERENCES metrics (id) ON DELETE CASCADE,
  CONSTRAINT metric_relationships_consumer FOREIGN KEY (consumer_metric_id) REFERENCES metrics (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
